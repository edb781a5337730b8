"""Processed messages: recorded first, in the effect's transaction, and by the event's own id."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import MetaData, func, insert, select

from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.processed_messages import ProcessedMessages
from skillsync_kit.testing import FixedClock

OpenDatabase = Callable[[str], Awaitable[Database]]


@pytest.fixture
def processed(metadata: MetaData, clock: FixedClock) -> ProcessedMessages:
    return ProcessedMessages(metadata.tables["processed_messages"], clock)


async def first_time(database: Database, processed: ProcessedMessages, consumer: str, event_id: str) -> bool:
    return await database.run(lambda unit: processed.first_time(unit, consumer, event_id))


async def test_an_event_is_new_once_for_each_consumer(database: Database, processed: ProcessedMessages) -> None:
    assert await first_time(database, processed, "mailer", "e1")
    assert not await first_time(database, processed, "mailer", "e1")
    assert await first_time(database, processed, "counter", "e1")
    assert await first_time(database, processed, "mailer", "E1")
    assert await first_time(database, processed, "mailer", "e1 ")


async def test_what_is_rolled_back_was_not_processed(database: Database, processed: ProcessedMessages) -> None:
    async def fail(unit: UnitOfWork) -> None:
        assert await processed.first_time(unit, "mailer", "e1")
        raise LookupError("the effect failed")

    with pytest.raises(LookupError):
        await database.run(fail)
    assert await first_time(database, processed, "mailer", "e1")


async def test_a_second_delivery_waits_for_the_first_and_finds_it_done(
    database_url: str, open_database: OpenDatabase, metadata: MetaData, processed: ProcessedMessages
) -> None:
    one, other = await open_database(database_url), await open_database(database_url)
    effects = metadata.tables["effects"]
    recorded, go_on = asyncio.Event(), asyncio.Event()

    async def slow(unit: UnitOfWork) -> bool:
        first = await processed.first_time(unit, "mailer", "e1")
        recorded.set()
        await go_on.wait()
        await unit.connection.execute(insert(effects), {"cause": "e1"})
        return first

    async def quick(unit: UnitOfWork) -> bool:
        go_on.set()
        return await processed.first_time(unit, "mailer", "e1")

    slow_one = asyncio.create_task(one.run(slow))
    await recorded.wait()
    # On SQLite the second unit cannot even begin before the first has ended, so it is let go here.
    if not one.supports_skip_locked:
        go_on.set()
    assert await other.run(quick) is False
    assert await slow_one is True
    async with one.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(effects))).scalar_one() == 1
