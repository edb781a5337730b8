"""Events of a window go out once more, by the relays that run anyway; the others stay as they are."""

from collections.abc import Awaitable, Callable, Sequence

import pytest
from sqlalchemy import MetaData, select

from skillsync_kit import republish as republish_module
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.outbox import Outbox
from skillsync_kit.relay import Message, Relay
from skillsync_kit.republish import republish
from skillsync_kit.testing import FixedClock

MakeEvent = Callable[..., Event]


class Broker:
    """Takes everything."""

    def __init__(self) -> None:
        self.published: list[str] = []

    async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
        """See relay.Publisher."""
        self.published += [message.id for message in messages]
        return {}


@pytest.fixture
def commit(database: Database, make_event: MakeEvent) -> Callable[[int], Awaitable[list[str]]]:
    """Commits so many events; their ids."""

    async def committed(count: int) -> list[str]:
        events = [make_event() for _ in range(count)]

        async def work(unit: UnitOfWork) -> None:
            unit.publish(*events)

        await database.run(work)
        return [event.id for event in events]

    return committed


async def test_a_window_is_sent_once_more_in_batches_and_nothing_besides(
    database: Database,
    metadata: MetaData,
    clock: FixedClock,
    commit: Callable[[int], Awaitable[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(republish_module, "_BATCH", 4)
    outbox, broker = Outbox(metadata.tables["outbox"], clock), Broker()
    relay = Relay(database, outbox, broker, clock)
    before = await commit(3)
    clock.advance(hours=1)
    since, inside = clock.now(), await commit(10)
    clock.advance(hours=1)
    until, after = clock.now(), await commit(3)
    while await relay.publish_pending():
        pass
    assert sorted(broker.published) == sorted(before + inside + after)

    broker.published.clear()
    assert await republish(database, outbox, since=since, until=until) == 10
    while await relay.publish_pending():
        pass
    assert sorted(broker.published) == sorted(inside)
    async with database.read() as connection:
        rows = await connection.execute(select(outbox.table.c.published_at))
        assert all(rows.scalars())


async def test_what_was_never_published_is_left_to_its_relay(
    database: Database, metadata: MetaData, clock: FixedClock, commit: Callable[[int], Awaitable[list[str]]]
) -> None:
    since, outbox = clock.now(), Outbox(metadata.tables["outbox"], clock)
    await commit(2)
    clock.advance(seconds=1)
    assert await republish(database, outbox, since=since, until=clock.now()) == 0
