"""The relay beside others like it, with a broker that stalls and refuses, and clocks that disagree."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import MetaData, select

from skillsync_kit.aws import SnsPublisher
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.outbox import Outbox
from skillsync_kit.relay import Message, Relay
from skillsync_kit.testing import FixedClock

OpenDatabase = Callable[[str], Awaitable[Database]]
MakeEvent = Callable[..., Event]


async def commit(database: Database, *events: Event) -> None:
    async def work(unit: UnitOfWork) -> None:
        unit.publish(*events)

    await database.run(work)


async def row(database: Database, metadata: MetaData, event: Event) -> Any:
    outbox = metadata.tables["outbox"]
    async with database.read() as connection:
        return (await connection.execute(select(outbox).where(outbox.c.id == event.id))).one()


class Refusing:
    """An SNS client that refuses a whole PublishBatch for one entry's sake, as AWS does with what it calls invalid."""

    def __init__(self, bad: str) -> None:
        self.bad = bad
        self.published: list[str] = []

    async def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[Any]) -> dict[str, Any]:
        ids = [entry["Id"] for entry in PublishBatchRequestEntries]
        if self.bad in ids:
            answer: Any = {"Error": {"Code": "InvalidParameterValue", "Message": "invalid"}}
            raise ClientError(answer, "PublishBatch")
        self.published += ids
        return {"Successful": [{"Id": id} for id in ids], "Failed": []}


async def test_an_entry_that_makes_the_broker_refuse_the_call_holds_back_no_other(
    database: Database, metadata: MetaData, clock: FixedClock, make_event: MakeEvent
) -> None:
    events = [make_event() for _ in range(10)]
    client = Refusing(events[4].id)
    publisher = SnsPublisher(cast(Any, client), "arn:topic")
    relay = Relay(database, Outbox(metadata.tables["outbox"], clock), publisher, clock)
    await commit(database, *events)
    for _ in range(10):
        await relay.publish_pending()
        clock.advance(seconds=31)
    assert set(client.published) == {event.id for event in events} - {events[4].id}


class Gate:
    """A broker that answers when it is let, by failing or by taking everything."""

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.published: list[str] = []

    async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
        self.asked.set()
        await self.may_answer.wait()
        if self.fails:
            return {message.id: "timed out" for message in messages}
        self.published += [message.id for message in messages]
        return {}


async def test_a_relay_whose_claim_has_expired_leaves_the_row_to_the_one_that_has_it(
    database_url: str, open_database: OpenDatabase, metadata: MetaData, clock: FixedClock, make_event: MakeEvent
) -> None:
    one, two, three = [await open_database(database_url) for _ in range(3)]
    outbox, event = Outbox(metadata.tables["outbox"], clock), make_event()
    slow, holder, third = Gate(fails=True), Gate(fails=False), Gate(fails=False)
    third.may_answer.set()
    await commit(one, event)
    late = asyncio.create_task(Relay(one, outbox, slow, clock).publish_pending())
    await slow.asked.wait()
    clock.advance(seconds=31)
    now_holds = asyncio.create_task(Relay(two, outbox, holder, clock).publish_pending())
    await holder.asked.wait()
    slow.may_answer.set()
    await late
    clock.advance(seconds=1)
    await Relay(three, outbox, third, clock).publish_pending()
    holder.may_answer.set()
    await now_holds
    assert third.published == [], "the late relay gave away a claim that was not its own"


async def test_a_late_failure_says_nothing_of_a_row_that_was_published(
    database_url: str, open_database: OpenDatabase, metadata: MetaData, clock: FixedClock, make_event: MakeEvent
) -> None:
    one, two = [await open_database(database_url) for _ in range(2)]
    outbox, event = Outbox(metadata.tables["outbox"], clock), make_event()
    slow, quick = Gate(fails=True), Gate(fails=False)
    quick.may_answer.set()
    await commit(one, event)
    late = asyncio.create_task(Relay(one, outbox, slow, clock).publish_pending())
    await slow.asked.wait()
    clock.advance(seconds=31)
    assert await Relay(two, outbox, quick, clock).publish_pending() == 1
    slow.may_answer.set()
    await late
    found = await row(one, metadata, event)
    assert (found.published_at is not None, found.last_error, found.attempts) == (True, None, 0)


async def test_a_claim_of_a_machine_whose_clock_is_ahead_expires_like_any_other(
    database: Database, metadata: MetaData, clock: FixedClock, make_event: MakeEvent
) -> None:
    ahead = FixedClock(clock.now() + timedelta(hours=1))
    table, event = metadata.tables["outbox"], make_event()
    dying, broker = Gate(fails=False), Gate(fails=False)
    broker.may_answer.set()
    await commit(database, event)
    turn = asyncio.create_task(Relay(database, Outbox(table, ahead), dying, ahead).publish_pending())
    await dying.asked.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    clock.advance(seconds=31)
    await Relay(database, Outbox(table, clock), broker, clock).publish_pending()
    assert broker.published == [event.id]


async def test_what_failed_is_not_kept_back_for_ever_by_what_is_new(
    database: Database, metadata: MetaData, clock: FixedClock, make_event: MakeEvent
) -> None:
    outbox, old = Outbox(metadata.tables["outbox"], clock), make_event()
    away, broker = Gate(fails=True), Gate(fails=False)
    away.may_answer.set()
    broker.may_answer.set()
    await commit(database, old)
    await Relay(database, outbox, away, clock).publish_pending()
    clock.advance(seconds=31)
    relay = Relay(database, outbox, broker, clock)
    for _ in range(5):
        await commit(database, *(make_event() for _ in range(100)))
        await relay.publish_pending()
    assert old.id in broker.published
