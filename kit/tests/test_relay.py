"""The relay: every committed event leaves, whatever the order of commits, the number of relays, and who fails."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import MetaData, func, select
from structlog.testing import capture_logs

from skillsync_kit import metrics
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.outbox import Outbox
from skillsync_kit.relay import Message, Relay
from skillsync_kit.testing import FixedClock

OpenDatabase = Callable[[str], Awaitable[Database]]
MakeEvent = Callable[..., Event]
MakeRelay = Callable[..., Relay]


class Broker:
    """A publisher that remembers what it was given, and refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.refused: Mapping[str, str] = {}
        self.is_down = False
        self.something_came = asyncio.Event()
        self.all_came = asyncio.Event()
        self.expected = 0

    async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
        if self.is_down:
            return {message.id: "connection refused" for message in messages}
        failed = {message.id: self.refused[message.id] for message in messages if message.id in self.refused}
        self.published += [message.id for message in messages if message.id not in failed]
        self.something_came.set()
        if len(self.published) >= self.expected:
            self.all_came.set()
        return failed


class CrashingBroker(Broker):
    """Never answers; the process that waits for it is killed meanwhile."""

    def __init__(self, *, takes_first: bool) -> None:
        super().__init__()
        self._takes_first = takes_first

    async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
        if self._takes_first:
            self.published += [message.id for message in messages]
        self.something_came.set()
        await asyncio.Event().wait()
        return {}


@pytest.fixture
def make_relay(metadata: MetaData, clock: FixedClock) -> MakeRelay:
    def make(database: Database, broker: Broker) -> Relay:
        return Relay(database, Outbox(metadata.tables["outbox"], clock), broker, clock)

    return make


async def commit(database: Database, *events: Event) -> None:
    async def work(unit: UnitOfWork) -> None:
        unit.publish(*events)

    await database.run(work)


async def rows(database: Database, metadata: MetaData) -> dict[str, Any]:
    async with database.read() as connection:
        return {row.id: row for row in await connection.execute(select(metadata.tables["outbox"]))}


async def pending(database: Database, metadata: MetaData) -> int:
    outbox = metadata.tables["outbox"]
    async with database.read() as connection:
        query = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
        return int((await connection.execute(query)).scalar_one())


async def crash(relay: Relay, broker: Broker) -> None:
    """Kill a relay while it waits for its broker."""
    turn = asyncio.create_task(relay.publish_pending())
    await broker.something_came.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn


async def test_an_event_that_commits_after_a_later_id_is_published_too(
    database: Database, metadata: MetaData, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    broker = Broker()
    relay = make_relay(database, broker)
    early, late = make_event(), make_event()
    assert early.id < late.id
    await commit(database, late)
    assert await relay.publish_pending() == 1
    await commit(database, early)
    assert await relay.publish_pending() == 1
    assert broker.published == [late.id, early.id]
    assert await relay.publish_pending() == 0
    assert await pending(database, metadata) == 0


async def test_published_rows_are_kept_and_marked(
    database: Database, metadata: MetaData, clock: FixedClock, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    event = make_event()
    await commit(database, event)
    await make_relay(database, Broker()).publish_pending()
    kept = await rows(database, metadata)
    assert kept[event.id].published_at == clock.now()
    assert kept[event.id].last_error is None


async def test_several_writers_and_several_relays_at_once_publish_each_event_exactly_once(
    database_url: str,
    open_database: OpenDatabase,
    metadata: MetaData,
    make_relay: MakeRelay,
    make_event: MakeEvent,
) -> None:
    broker, stopping = Broker(), asyncio.Event()
    writers = [await open_database(database_url) for _ in range(3)]
    relays = [make_relay(await open_database(database_url), broker) for _ in range(3)]
    events = [make_event() for _ in range(300)]
    broker.expected = len(events)
    # Ids are made before the commits and shuffled over the writers: they commit out of order.
    shuffled = random.Random(2030).sample(events, len(events))  # noqa: S311 - a replayable order, no secret

    async def write(database: Database, share: list[Event]) -> None:
        for event in share:
            await commit(database, event)

    running = [asyncio.create_task(relay.run(stopping)) for relay in relays]
    await asyncio.gather(*(write(writer, shuffled[n::3]) for n, writer in enumerate(writers)))
    await asyncio.wait_for(broker.all_came.wait(), 30)
    stopping.set()
    await asyncio.gather(*running)
    assert await pending(writers[0], metadata) == 0
    assert Counter(broker.published) == Counter(event.id for event in events)


async def test_what_a_batch_fails_in_part_waits_alone_and_goes_later(
    database: Database, metadata: MetaData, clock: FixedClock, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    good, bad = make_event(), make_event()
    broker = Broker()
    broker.refused = {bad.id: "InternalError: try again " + "x" * 600}
    relay = make_relay(database, broker)
    await commit(database, good, bad)
    assert await relay.publish_pending() == 1
    kept = await rows(database, metadata)
    assert (kept[good.id].published_at, kept[good.id].attempts) == (clock.now(), 0)
    assert (kept[bad.id].published_at, kept[bad.id].attempts) == (None, 1)
    assert kept[bad.id].last_error.startswith("InternalError: try again")
    broker.refused = {}
    assert await relay.publish_pending() == 0, "it waits for its back-off"
    clock.advance(seconds=1)
    assert await relay.publish_pending() == 1
    kept = await rows(database, metadata)
    assert (kept[bad.id].published_at, kept[bad.id].last_error) == (clock.now(), None)
    assert broker.published == [good.id, bad.id]


async def test_rows_wait_with_a_growing_back_off_while_the_broker_is_away(
    database: Database, metadata: MetaData, clock: FixedClock, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    event, broker = make_event(), Broker()
    broker.is_down = True
    relay = make_relay(database, broker)
    await commit(database, event)
    waits = []
    for attempt in range(1, 9):
        assert await relay.publish_pending() == 0
        row = (await rows(database, metadata))[event.id]
        assert (row.attempts, row.last_error, row.published_at) == (attempt, "connection refused", None)
        waits.append((row.claimed_until - clock.now()).total_seconds())
        clock.advance(seconds=waits[-1] + 0.001)
    assert waits == [0.5, 1, 2, 5, 10, 30, 30, 30]
    broker.is_down = False
    assert await relay.publish_pending() == 1


async def test_a_claim_keeps_other_relays_away_until_it_expires(
    database: Database, clock: FixedClock, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    event, broken, broker = make_event(), CrashingBroker(takes_first=False), Broker()
    await commit(database, event)
    await crash(make_relay(database, broken), broken)
    other = make_relay(database, broker)
    clock.advance(seconds=14)
    assert await other.publish_pending() == 0
    clock.advance(seconds=2)
    assert await other.publish_pending() == 1
    assert broker.published == [event.id]


async def test_a_crash_between_publishing_and_marking_publishes_once_more(
    database: Database, metadata: MetaData, clock: FixedClock, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    event, broken, broker = make_event(), CrashingBroker(takes_first=True), Broker()
    await commit(database, event)
    await crash(make_relay(database, broken), broken)
    clock.advance(seconds=16)
    assert await make_relay(database, broker).publish_pending() == 1
    assert broken.published + broker.published == [event.id, event.id]
    assert await pending(database, metadata) == 0


async def test_a_commit_wakes_the_relay_at_once(
    database_url: str,
    open_database: OpenDatabase,
    metadata: MetaData,
    clock: FixedClock,
    make_event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Polls that never come: only the wake can publish.
    monkeypatch.setattr("skillsync_kit.relay._SHORTEST_POLL_SECONDS", 3600)
    monkeypatch.setattr("skillsync_kit.relay._LONGEST_POLL_SECONDS", 3600)
    await open_database(database_url)
    outbox, broker, stopping = Outbox(metadata.tables["outbox"], clock), Broker(), asyncio.Event()
    wakes: list[Callable[[], None]] = []

    def committed() -> None:
        for wake in wakes:
            wake()

    database = Database(database_url, record=outbox.record, committed=committed)
    relay = Relay(database, outbox, broker, clock)
    wakes.append(relay.wake)
    running = asyncio.create_task(relay.run(stopping))
    for expected in range(1, 6):
        broker.something_came.clear()
        await commit(database, make_event())
        await asyncio.wait_for(broker.something_came.wait(), 5)
        assert len(broker.published) == expected
    stopping.set()
    await asyncio.wait_for(running, 5)
    await database.close()


async def test_a_poll_finds_what_another_process_committed(
    database_url: str, open_database: OpenDatabase, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    other, mine = await open_database(database_url), await open_database(database_url)
    broker, stopping = Broker(), asyncio.Event()
    running = asyncio.create_task(make_relay(mine, broker).run(stopping))
    event = make_event()
    await commit(other, event)
    await asyncio.wait_for(broker.something_came.wait(), 5)
    stopping.set()
    await running
    assert broker.published == [event.id]


async def test_while_something_waits_that_was_refused_polls_do_not_slow_down(
    database: Database, make_relay: MakeRelay, make_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Patient(Relay):
        async def _pause(self, seconds: float, stopping: asyncio.Event) -> None:
            pauses.append(seconds)
            if len(pauses) == 8:
                stopping.set()
            await asyncio.sleep(0)

    pauses: list[float] = []
    idle, broker = make_relay(database, Broker()), Broker()
    idle.__class__ = Patient
    await idle.run(asyncio.Event())
    assert pauses[:6] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]

    pauses.clear()
    broker.is_down = True
    await commit(database, make_event())
    refused = make_relay(database, broker)
    refused.__class__ = Patient
    await refused.run(asyncio.Event())
    assert max(pauses) == 0.1


async def test_what_left_and_what_did_not_is_counted_with_the_age_of_the_oldest(
    database: Database, clock: FixedClock, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    good, bad, broker = make_event(), make_event(), Broker()
    await commit(database, bad)
    clock.advance(seconds=7)
    await commit(database, good)
    broker.refused = {bad.id: "InternalError"}
    metrics.flush()
    await make_relay(database, broker).publish_pending()
    with capture_logs() as lines:
        metrics.flush()
    told = {name: value for line in lines for name, value in line.items()}
    assert (told["events-published"], told["events-not-published"], told["outbox-lag"]) == (1, 1, 7)


async def test_a_relay_told_to_stop_publishes_what_is_pending_first(
    database: Database, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    broker, stopping = Broker(), asyncio.Event()
    await commit(database, make_event(), make_event())
    stopping.set()
    await make_relay(database, broker).run(stopping)
    assert len(broker.published) == 2


async def test_a_turn_that_fails_does_not_end_the_relay(
    database: Database, clock: FixedClock, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    class Explosive(Broker):
        async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
            clock.advance(seconds=16)
            if not self.something_came.is_set():
                self.something_came.set()
                raise RuntimeError("a mistake of ours")
            return await super().publish(messages)

    broker, stopping = Explosive(), asyncio.Event()
    broker.expected = 1
    event = make_event()
    await commit(database, event)
    running = asyncio.create_task(make_relay(database, broker).run(stopping))
    await asyncio.wait_for(broker.all_came.wait(), 10)
    stopping.set()
    await running
    assert broker.published == [event.id]


async def test_the_payload_handed_to_the_broker_is_the_committed_event(
    database: Database, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    handed: list[Message] = []

    class Listening(Broker):
        async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
            handed.extend(messages)
            return {}

    event = make_event(data={"text": "hé 🎸"})
    await commit(database, event)
    await make_relay(database, Listening()).publish_pending()
    assert [(m.id, m.type, m.attempts) for m in handed] == [(event.id, event.type, 0)]
    assert json.loads(handed[0].payload) == json.loads(event.to_json())


async def test_what_waits_when_the_clock_goes_back_is_not_stuck_until_it_is_as_late_again(
    database: Database, clock: FixedClock, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    refused, claimed, broken, broker = make_event(), make_event(), CrashingBroker(takes_first=False), Broker()
    await commit(database, refused)
    broker.is_down = True
    relay = make_relay(database, broker)
    assert await relay.publish_pending() == 0
    await commit(database, claimed)
    await crash(make_relay(database, broken), broken)
    clock.advance(weeks=-52)
    broker.is_down = False
    assert await relay.publish_pending() == 2
    assert sorted(broker.published) == sorted([refused.id, claimed.id])


async def test_a_clock_that_jumps_while_a_batch_is_published_leaves_it_published_once(
    database: Database, metadata: MetaData, clock: FixedClock, make_relay: MakeRelay, make_event: MakeEvent
) -> None:
    class Slow(Broker):
        async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
            clock.advance(**jumps.pop())
            return await super().publish(messages)

    events, broker = [make_event() for _ in range(2)], Slow()
    jumps: list[dict[str, float]] = [{"weeks": -52}, {"days": 3}]
    relay = make_relay(database, broker)
    for event in events:
        await commit(database, event)
        assert await relay.publish_pending() == 1
        assert await relay.publish_pending() == 0
    assert broker.published == [event.id for event in events]
    assert await pending(database, metadata) == 0
