"""The consumer: the effect once, the message deleted after the commit, and failures left to the redrive policy."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError
from sqlalchemy import MetaData, insert, select
from structlog.testing import capture_logs

from skillsync_kit import metrics
from skillsync_kit.aws import open_client
from skillsync_kit.consumer import Consumer
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import Unavailable
from skillsync_kit.events import Event
from skillsync_kit.failed_messages import FailedMessages
from skillsync_kit.ids import new_id
from skillsync_kit.inbox import Handler, Inbox
from skillsync_kit.processed_messages import ProcessedMessages
from skillsync_kit.telemetry import current_flow, traceparent
from skillsync_kit.testing import FixedClock
from skillsync_testing import Emulator

OpenDatabase = Callable[[str], Awaitable[Database]]
MakeEvent = Callable[..., Event]
MakeInbox = Callable[..., Inbox]
MakeConsumer = Callable[..., Consumer]
Effects = Callable[[Database], Awaitable[list[str]]]
QUEUE = "http://queue.example/things"


class Queue:
    """A stub of SQS: gives the batches it holds, then waits; remembers what was deleted and put off."""

    def __init__(self, *batches: Any) -> None:
        self.batches = list(batches)
        self.deleted: list[str] = []
        self.put_off: dict[str, int] = {}
        self.asked_for: list[int] = []
        self.emptied = asyncio.Event()
        self.changed = asyncio.Event()
        self.before_delete: Callable[[], Awaitable[None]] | None = None

    async def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"VisibilityTimeout": "60"}}

    async def receive_message(self, **arguments: Any) -> dict[str, Any]:
        most = arguments["MaxNumberOfMessages"]
        assert 1 <= most <= 10
        assert arguments["WaitTimeSeconds"] == 20
        self.asked_for.append(most)
        if not self.batches:
            self.emptied.set()
            # As a long poll that brings nothing, but shorter.
            await asyncio.sleep(0.02)
            return {}
        batch = self.batches.pop(0)
        if isinstance(batch, Exception):
            raise batch
        if batch[most:]:
            self.batches.insert(0, batch[most:])
        return {"Messages": batch[:most]} if batch else {}

    async def delete_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        assert QueueUrl == QUEUE
        if self.before_delete is not None:
            await self.before_delete()
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]
        self.changed.set()
        return {"Successful": [], "Failed": []}

    async def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        assert QueueUrl == QUEUE
        self.put_off[ReceiptHandle] = VisibilityTimeout
        self.changed.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until what it remembers is so."""
        while not is_so():
            self.changed.clear()
            await self.changed.wait()


def message(body: str, receives: int = 1, handle: str = "") -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(receives)}
    return {"MessageId": new_id(), "ReceiptHandle": handle or new_id(), "Body": body, "Attributes": attributes}


class Away(Database):
    """A database that is away for so many units of work; `is_away` for good."""

    refusals = 0
    is_away = False
    asked = 0

    async def run(self, work: Any, *, at_most_seconds: float = 10) -> Any:
        """Refuse as many as are left to refuse."""
        self.asked += 1
        if self.is_away or self.refusals > 0:
            self.refusals -= 1
            raise Unavailable
        return await super().run(work, at_most_seconds=at_most_seconds)

    async def warm(self) -> None:
        """Answer when it is there."""
        if self.is_away:
            raise Unavailable
        await super().warm()


@pytest.fixture
def record(metadata: MetaData) -> Handler:
    """A handler whose effect is a row."""

    async def handle(unit: UnitOfWork, event: Event) -> None:
        await unit.connection.execute(insert(metadata.tables["effects"]), {"cause": event.id})

    return handle


@pytest.fixture
def effects(metadata: MetaData) -> Effects:
    async def read(database: Database) -> list[str]:
        async with database.read() as connection:
            return list((await connection.execute(select(metadata.tables["effects"].c.cause))).scalars())

    return read


@pytest.fixture
def inbox(metadata: MetaData, clock: FixedClock) -> MakeInbox:
    def make(database: Database, **handlers: Handler) -> Inbox:
        processed = ProcessedMessages(metadata.tables["processed_messages"], clock)
        return Inbox("things", database, processed, {f"thing.{name}.v1": handlers[name] for name in handlers})

    return make


@pytest.fixture
def consumer(metadata: MetaData, clock: FixedClock) -> MakeConsumer:
    def make(queue: Any, inbox: Inbox, handled: Callable[[], None] = lambda: None) -> Consumer:
        failed = FailedMessages(metadata.tables["failed_messages"], clock)
        return Consumer(cast(Any, queue), QUEUE, inbox, failed, handled)

    return make


async def work_off(consumer: Consumer, queue: Queue) -> None:
    """Run until everything was received, and stop: what is in hand then is finished."""
    stopping = asyncio.Event()
    running = asyncio.create_task(consumer.run(stopping))
    async with asyncio.timeout(30):
        await queue.emptied.wait()
        stopping.set()
        await running


def counted(lines: Sequence[Any]) -> dict[str, int]:
    """The counts in the log's lines of metrics."""
    return {name: value for line in lines for name, value in line.items() if name.startswith("messages-")}


async def test_a_message_is_deleted_after_its_effect_is_committed(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    event, seen, told = make_event(), list[list[str]](), list[str]()
    queue = Queue([message(event.to_json(), handle="h1")])

    async def look() -> None:
        # Another connection: it sees only what is committed.
        seen.append(await effects(database))

    queue.before_delete = look
    await work_off(consumer(queue, inbox(database, done=record), lambda: told.append("handled")), queue)
    assert seen == [[event.id]]
    assert queue.deleted == ["h1"]
    assert queue.put_off == {}
    assert told == ["handled"]


async def test_a_failing_message_stays_and_is_put_off_and_touches_no_other(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
    metadata: MetaData,
) -> None:
    async def fail(unit: UnitOfWork, event: Event) -> None:
        await record(unit, event)
        raise LookupError("what somebody wrote")

    good, bad = make_event(), make_event(type="thing.failed.v1")
    queue = Queue([message(bad.to_json(), receives=3, handle="bad"), message(good.to_json(), handle="good")])
    metrics.flush()
    with capture_logs() as lines:
        await work_off(consumer(queue, inbox(database, done=record, failed=fail)), queue)
        metrics.flush()
    assert queue.deleted == ["good"]
    assert queue.put_off.keys() == {"bad"}
    assert await effects(database) == [good.id]
    assert counted(lines) == {"messages-handled": 1, "messages-failed": 1}
    async with database.read() as connection:
        [row] = await connection.execute(select(metadata.tables["failed_messages"]))
    assert (row.consumer, row.event_id, row.type, row.receives) == ("things", bad.id, bad.type, 3)
    assert row.reason.startswith("LookupError at ")
    assert "wrote" not in row.reason


async def test_a_slow_message_delays_no_other(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    go_on = asyncio.Event()

    good = [make_event() for _ in range(25)]
    queue = Queue([message(make_event(type="thing.slow.v1").to_json(), handle="slow")])
    queue.batches.append([message(event.to_json(), handle=event.id) for event in good])
    box = inbox(database, done=record)
    real = box.receive

    class Slow(Inbox):
        async def receive(self, body: str) -> bool:
            # Outside a unit of work: SQLite has one writer, and what is slow there would hold it.
            if "thing.slow.v1" not in body:
                return await real(body)
            await go_on.wait()
            return True

    stopping = asyncio.Event()
    running = asyncio.create_task(
        consumer(queue, Slow(box.name, box.database, box.processed, box.handlers)).run(stopping)
    )
    async with asyncio.timeout(20):
        await queue.emptied.wait()
        await queue.until(lambda: len(queue.deleted) == len(good))
    assert set(queue.deleted) == {event.id for event in good}
    go_on.set()
    stopping.set()
    await running
    assert len(queue.deleted) == len(good) + 1
    assert max(queue.asked_for[1:]) == 9, "one hand is full"


async def test_no_more_than_ten_are_in_hand_and_no_more_are_asked_for(
    database: Database, inbox: MakeInbox, consumer: MakeConsumer, make_event: MakeEvent
) -> None:
    in_hand = most = 0
    full, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Inbox):
        async def receive(self, body: str) -> bool:
            nonlocal in_hand, most
            in_hand += 1
            most = max(most, in_hand)
            if in_hand == 10:
                full.set()
            await go_on.wait()
            in_hand -= 1
            return True

    queue = Queue(*([message(make_event().to_json())] for _ in range(30)))
    box = inbox(database)
    running = asyncio.create_task(work_off(consumer(queue, Slow(box.name, database, box.processed, {})), queue))
    await asyncio.wait_for(full.wait(), 10)
    assert queue.asked_for == list(range(10, 0, -1))
    go_on.set()
    await running
    assert (most, len(queue.deleted)) == (10, 30)


async def test_the_back_off_is_full_jitter_that_doubles_with_each_receive(
    open_database: OpenDatabase, make_database: Callable[[str], str], inbox: MakeInbox, consumer: MakeConsumer
) -> None:
    database, longest = await open_database(make_database("sqlite")), []
    for receives in (1, 3, 6, 50):
        queue = Queue([message("no event", receives=receives) for _ in range(200)])
        await work_off(consumer(queue, inbox(database)), queue)
        waits = set(queue.put_off.values())
        assert min(waits) < 2**receives // 4 + 1
        longest.append(max(waits))
    assert longest[0] <= 2
    assert 4 < longest[1] <= 8
    assert 32 < longest[2] <= 64
    assert 200 < longest[3] <= 300


UNREADABLE = ["", "no JSON", "[]", "null", "{}", '{"specversion": "1.0"}', "\ud800", "[" * 100_000, '{"a": NaN}']


async def test_bodies_that_cannot_be_read_stay_for_the_dead_letter_queue(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    bodies = [*UNREADABLE, make_event(type="thing.unknown.v1").to_json()]
    queue = Queue([message(body, handle=str(number)) for number, body in enumerate(bodies)])
    with capture_logs() as lines:
        await work_off(consumer(queue, inbox(database, done=record)), queue)
    assert queue.deleted == []
    assert len(queue.put_off) == len(bodies)
    assert sum(line["event"] == "message cannot be read" for line in lines) == len(bodies)
    assert await effects(database) == []


async def test_a_handler_that_takes_too_long_is_cancelled_and_its_effect_taken_back(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skillsync_kit.visibility._CEILING_SECONDS", 0.1)

    async def endless(unit: UnitOfWork, event: Event) -> None:
        await record(unit, event)
        await asyncio.Event().wait()

    event = make_event()
    queue = Queue([message(event.to_json(), handle="h1")])
    await work_off(consumer(queue, inbox(database, done=endless)), queue)
    assert (queue.deleted, list(queue.put_off)) == ([], ["h1"])
    assert await effects(database) == []
    queue = Queue([message(event.to_json(), handle="h2")])
    await work_off(consumer(queue, inbox(database, done=record)), queue)
    assert queue.deleted == ["h2"]
    assert await effects(database) == [event.id]


async def test_an_event_delivered_five_times_at_once_to_four_workers_has_one_effect(
    database_url: str,
    open_database: OpenDatabase,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    events = [make_event() for _ in range(200)]
    deliveries = [message(event.to_json()) for event in events for _ in range(5)]
    random.Random(2030).shuffle(deliveries)  # noqa: S311 - a replayable order, no secret
    # Ever the same five in the same instant: each worker starts with the same first batch.
    same = [message(event.to_json()) for event in events[:5] for _ in range(2)]
    queues = [Queue(same, deliveries[number::4]) for number in range(4)]
    workers = [consumer(queue, inbox(await open_database(database_url), done=record)) for queue in queues]
    metrics.flush()
    with capture_logs() as lines:
        await asyncio.gather(*(work_off(worker, queue) for worker, queue in zip(workers, queues, strict=True)))
        metrics.flush()
    database = await open_database(database_url)
    assert Counter(await effects(database)) == Counter(event.id for event in events)
    assert [queue.put_off for queue in queues] == [{}, {}, {}, {}]
    assert sum(len(queue.deleted) for queue in queues) == 1000 + 40
    assert counted(lines) == {"messages-handled": 200, "messages-repeated": 840}


async def test_a_crash_between_effect_and_delete_has_one_effect_after_the_next_delivery(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    event, committed = make_event(), asyncio.Event()
    broken = Queue([message(event.to_json())])

    async def hang() -> None:
        committed.set()
        await asyncio.Event().wait()

    broken.before_delete = hang
    crashed = asyncio.create_task(consumer(broken, inbox(database, done=record)).run(asyncio.Event()))
    await committed.wait()
    crashed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await crashed
    assert (broken.deleted, broken.put_off) == ([], {})
    queue = Queue([message(event.to_json(), handle="again")])
    await work_off(consumer(queue, inbox(database, done=record)), queue)
    assert queue.deleted == ["again"]
    assert await effects(database) == [event.id]


async def test_a_crash_before_the_commit_has_one_effect_after_the_next_delivery(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    event, done = make_event(), asyncio.Event()

    async def hang(unit: UnitOfWork, event: Event) -> None:
        await record(unit, event)
        done.set()
        await asyncio.Event().wait()

    crashed = asyncio.create_task(inbox(database, done=hang).receive(event.to_json()))
    await done.wait()
    crashed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await crashed
    queue = Queue([message(event.to_json(), handle="again")])
    await work_off(consumer(queue, inbox(database, done=record)), queue)
    assert queue.deleted == ["again"]
    assert await effects(database) == [event.id]


async def test_while_the_database_is_away_a_message_is_kept_and_no_more_are_received(
    database_url: str,
    open_database: OpenDatabase,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    database = await open_database(database_url)
    away, events = Away(database_url), [make_event() for _ in range(3)]
    queue = Queue([message(events[0].to_json())], *([message(event.to_json())] for event in events[1:]))
    stopping, answered = asyncio.Event(), away.warm

    async def warm() -> None:
        # It goes away after the start, and comes back when the message was tried a few times.
        if away.asked == 0:
            away.is_away = True
            return
        if away.asked >= 3:
            away.is_away = False
        await answered()

    away.warm = warm  # type: ignore[method-assign]
    running = asyncio.create_task(consumer(queue, inbox(away, done=record)).run(stopping))
    async with asyncio.timeout(30):
        await queue.emptied.wait()
        await queue.until(lambda: len(queue.deleted) == 3)
    stopping.set()
    await running
    await away.close()
    assert away.asked >= 6
    assert queue.put_off == {}, "an outage is not the message's fault"
    # One, and a second that was asked for before the first one met the outage; then none until it was over.
    assert sorted(await effects(database)) == sorted(event.id for event in events)


async def test_told_to_stop_while_the_database_is_away_it_gives_back_at_once(
    database_url: str,
    open_database: OpenDatabase,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    make_event: MakeEvent,
) -> None:
    await open_database(database_url)
    away, stopping = Away(database_url), asyncio.Event()
    away.refusals = 10**6
    queue = Queue([message(make_event().to_json(), handle="h1"), message(make_event().to_json(), handle="h2")])
    running = asyncio.create_task(consumer(queue, inbox(away, done=record)).run(stopping))
    await asyncio.wait_for(queue.emptied.wait(), 10)
    stopping.set()
    await asyncio.wait_for(running, 10)
    await away.close()
    assert (queue.deleted, queue.put_off) == ([], {"h1": 0, "h2": 0})


async def test_at_the_ceiling_what_waits_for_the_database_is_given_back_and_not_called_failed(
    database_url: str,
    open_database: OpenDatabase,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    make_event: MakeEvent,
    metadata: MetaData,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skillsync_kit.visibility._CEILING_SECONDS", 0.3)
    database, away, stopping = await open_database(database_url), Away(database_url), asyncio.Event()
    away.refusals = 10**6
    queue = Queue([message(make_event().to_json(), handle="h1")])
    metrics.flush()
    with capture_logs() as lines:
        running = asyncio.create_task(consumer(queue, inbox(away, done=record)).run(stopping))
        async with asyncio.timeout(10):
            await queue.until(lambda: bool(queue.put_off))
        stopping.set()
        await running
        metrics.flush()
    await away.close()
    assert counted(lines) == {"messages-given-back": 1}
    assert queue.put_off == {"h1": 0}
    async with database.read() as connection:
        assert (await connection.execute(select(metadata.tables["failed_messages"]))).all() == []


async def test_nothing_is_received_before_the_database_answers(
    database_url: str, inbox: MakeInbox, consumer: MakeConsumer, record: Handler
) -> None:
    away, stopping, asked = Away(database_url), asyncio.Event(), asyncio.Event()
    away.is_away = True

    async def warm() -> None:
        asked.set()
        raise Unavailable

    away.warm = warm  # type: ignore[method-assign]
    queue = Queue()
    running = asyncio.create_task(consumer(queue, inbox(away, done=record)).run(stopping))
    await asyncio.wait_for(asked.wait(), 10)
    stopping.set()
    await running
    await away.close()
    assert queue.asked_for == []


async def test_stopping_finishes_what_is_in_hand_and_takes_no_more(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    begun, go_on, stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(unit: UnitOfWork, event: Event) -> None:
        begun.set()
        await go_on.wait()
        await record(unit, event)

    event = make_event()
    queue = Queue([message(event.to_json(), handle="h1")])
    running = asyncio.create_task(consumer(queue, inbox(database, done=slow)).run(stopping))
    await begun.wait()
    await queue.emptied.wait()
    queue.batches.append([message(make_event().to_json())])
    stopping.set()
    await asyncio.wait({running}, timeout=0.05)
    assert not running.done()
    go_on.set()
    await asyncio.wait_for(running, 5)
    assert (queue.deleted, queue.asked_for) == (["h1"], [10, 9])
    assert await effects(database) == [event.id]


async def test_what_is_not_done_some_time_after_stopping_is_given_back(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skillsync_kit.consumer._FINISH_SECONDS", 0.1)

    async def endless(unit: UnitOfWork, event: Event) -> None:
        await record(unit, event)
        await asyncio.Event().wait()

    queue = Queue([message(make_event().to_json(), handle="h1")])
    metrics.flush()
    with capture_logs() as lines:
        await work_off(consumer(queue, inbox(database, done=endless)), queue)
        metrics.flush()
    assert (queue.deleted, queue.put_off) == ([], {"h1": 0})
    assert await effects(database) == []
    assert counted(lines) == {"messages-given-back": 1}


async def test_what_arrives_in_the_moment_of_stopping_is_given_back(
    database: Database, inbox: MakeInbox, consumer: MakeConsumer, record: Handler, make_event: MakeEvent
) -> None:
    stopping = asyncio.Event()

    class Late(Queue):
        async def receive_message(self, **arguments: Any) -> dict[str, Any]:
            stopping.set()
            return await super().receive_message(**arguments)

    queue = Late([message(make_event().to_json(), handle="h1")])
    await asyncio.wait_for(consumer(queue, inbox(database, done=record)).run(stopping), 10)
    assert (queue.deleted, queue.put_off) == ([], {"h1": 0})


async def test_what_an_open_poll_brings_after_the_stop_is_given_back(
    database: Database, inbox: MakeInbox, record: Handler, consumer: MakeConsumer, make_event: MakeEvent
) -> None:
    stopping, asked, brought = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Slow(Queue):
        async def receive_message(self, **arguments: Any) -> dict[str, Any]:
            asked.set()
            await brought.wait()
            return await super().receive_message(**arguments)

    queue = Slow([message(make_event().to_json(), handle="h1")])
    running = asyncio.create_task(consumer(queue, inbox(database, done=record)).run(stopping))
    await asked.wait()
    stopping.set()
    asyncio.get_running_loop().call_later(0.05, brought.set)
    await asyncio.wait_for(running, 10)
    assert (queue.deleted, queue.put_off) == ([], {"h1": 0})


async def test_a_poll_that_is_never_answered_is_given_up_and_another_tried(
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The long poll's 20 s and 0.1 s.
    monkeypatch.setattr("skillsync_kit.consumer._ANSWER_SECONDS", -19.9)
    monkeypatch.setattr("skillsync_kit.consumer._BROKER_AWAY_SECONDS", 0.0)
    event, polls = make_event(), 0

    class Dead(Queue):
        async def receive_message(self, **arguments: Any) -> dict[str, Any]:
            nonlocal polls
            polls += 1
            if polls == 1:
                await asyncio.Event().wait()
            return await super().receive_message(**arguments)

    queue, stopping = Dead([message(event.to_json(), handle="h1")]), asyncio.Event()
    with capture_logs() as lines:
        running = asyncio.create_task(consumer(queue, inbox(database, done=record)).run(stopping))
        async with asyncio.timeout(10):
            await queue.until(lambda: queue.deleted == ["h1"])
        stopping.set()
        await asyncio.wait_for(running, 2)
    assert [line["error"] for line in lines if line["event"] == "queue does not answer"] == ["TimeoutError"]
    assert await effects(database) == [event.id]


async def test_a_poll_that_never_ends_does_not_hold_up_the_stop(
    database: Database, inbox: MakeInbox, consumer: MakeConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillsync_kit.consumer._FINISH_SECONDS", 0.1)

    class Endless(Queue):
        async def receive_message(self, **arguments: Any) -> dict[str, Any]:
            self.emptied.set()
            return await asyncio.Event().wait() and {}

    queue, stopping = Endless(), asyncio.Event()
    running = asyncio.create_task(consumer(queue, inbox(database)).run(stopping))
    await queue.emptied.wait()
    stopping.set()
    await asyncio.wait_for(running, 2)


@pytest.mark.parametrize(
    "trouble",
    [
        EndpointConnectionError(endpoint_url="http://sqs.example"),
        ResponseParserError("a page of HTML"),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
async def test_a_broker_that_was_away_is_asked_again(
    trouble: Exception,
    database: Database,
    inbox: MakeInbox,
    consumer: MakeConsumer,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skillsync_kit.consumer._BROKER_AWAY_SECONDS", 0.01)

    class LateToTell(Queue):
        refusals = 2

        async def get_queue_attributes(self, **arguments: Any) -> dict[str, Any]:
            self.refusals -= 1
            if self.refusals >= 0:
                raise trouble
            return await super().get_queue_attributes(**arguments)

    event = make_event()
    queue = LateToTell(trouble, trouble, [message(event.to_json(), handle="h1")])
    await work_off(consumer(queue, inbox(database, done=record)), queue)
    assert queue.deleted == ["h1"]
    assert await effects(database) == [event.id]


async def test_a_handler_works_in_the_flow_and_trace_of_its_event(
    database: Database, inbox: MakeInbox, make_event: MakeEvent
) -> None:
    seen: list[tuple[str | None, str | None, str | None]] = []

    async def look(_: UnitOfWork, __: Event) -> None:
        seen.append((current_flow().correlation_id, current_flow().causation_id, traceparent()))

    trace = "0af7651916cd43dd8448eb211c80319c"
    event = make_event(correlation_id="flow", causation_id="x", traceparent=f"00-{trace}-b7ad6b7169203331-01")
    await inbox(database, done=look).receive(event.to_json())
    [(correlation_id, causation_id, parent)] = seen
    assert (correlation_id, causation_id) == ("flow", event.id)
    assert parent is not None
    assert parent.split("-")[1] == trace


@pytest.fixture
async def sqs(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    for name, value in emulator.client_environment("202020202020").items():
        monkeypatch.setenv(name, value)
    async with AsyncExitStack() as stack:
        yield await open_client(stack, "sqs", read_timeout_seconds=40)


async def test_a_poison_message_is_in_the_dlq_after_exactly_max_receive_count_and_harms_no_other(
    sqs: Any,
    database: Database,
    inbox: MakeInbox,
    metadata: MetaData,
    clock: FixedClock,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skillsync_kit.handling._back_off_seconds", lambda _: 0)
    name = f"q-{new_id()}"
    dlq = (await sqs.create_queue(QueueName=f"{name}-dlq"))["QueueUrl"]
    arn = (await sqs.get_queue_attributes(QueueUrl=dlq, AttributeNames=["QueueArn"]))["Attributes"]["QueueArn"]
    policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": "3"}}'
    queue = (await sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy}))["QueueUrl"]
    attempts: list[str] = []

    async def fail(unit: UnitOfWork, event: Event) -> None:
        attempts.append(event.id)
        await record(unit, event)
        raise LookupError("always")

    poison, good = make_event(type="thing.failed.v1"), [make_event() for _ in range(5)]
    for body in (poison.to_json(), "no event", *(event.to_json() for event in good)):
        await sqs.send_message(QueueUrl=queue, MessageBody=body)
    stopping = asyncio.Event()
    failed = FailedMessages(metadata.tables["failed_messages"], clock)
    consume = Consumer(sqs, queue, inbox(database, done=record, failed=fail), failed, long_poll_seconds=1)
    running = asyncio.create_task(consume.run(stopping))
    dead: list[Any] = []
    async with asyncio.timeout(20):
        while len(dead) < 2:
            answer = await sqs.receive_message(QueueUrl=dlq, WaitTimeSeconds=10, MaxNumberOfMessages=10)
            dead += answer.get("Messages", [])
    stopping.set()
    await running
    assert sorted(each["Body"] for each in dead) == sorted([poison.to_json(), "no event"])
    async with database.read() as connection:
        told = {each.message_id: each for each in await failed.find(connection, [each["MessageId"] for each in dead])}
    assert sorted(each.receives for each in told.values()) == [3, 3]
    assert sorted(each.event_id or "" for each in told.values()) == ["", poison.id]
    assert attempts == [poison.id] * 3
    assert Counter(await effects(database)) == Counter(event.id for event in good)
    left = await sqs.get_queue_attributes(
        QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )
    assert set(left["Attributes"].values()) == {"0"}


async def test_a_handler_longer_than_the_visibility_timeout_gets_its_message_once(
    sqs: Any,
    make_database: Callable[[str], str],
    open_database: OpenDatabase,
    inbox: MakeInbox,
    metadata: MetaData,
    clock: FixedClock,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    queue = (await sqs.create_queue(QueueName=f"q-{new_id()}", Attributes={"VisibilityTimeout": "1"}))["QueueUrl"]
    database, event, begun = await open_database(make_database("sqlite")), make_event(), list[str]()

    async def slow(unit: UnitOfWork, event: Event) -> None:
        begun.append(event.id)
        # A second consumer asks for it all the time that it is hidden three times over.
        found = await sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=3)
        begun.extend("somebody else" for _ in found.get("Messages", []))
        await record(unit, event)

    await sqs.send_message(QueueUrl=queue, MessageBody=event.to_json())
    stopping, handled = asyncio.Event(), asyncio.Event()
    failed = FailedMessages(metadata.tables["failed_messages"], clock)
    consume = Consumer(sqs, queue, inbox(database, done=slow), failed, handled.set, long_poll_seconds=1)
    metrics.flush()
    with capture_logs() as lines:
        running = asyncio.create_task(consume.run(stopping))
        await asyncio.wait_for(handled.wait(), 20)
        stopping.set()
        await running
        metrics.flush()
    assert begun == [event.id]
    assert counted(lines) == {"messages-handled": 1}, "it was delivered to this consumer once, too"
    assert await effects(database) == [event.id]
    left = await sqs.get_queue_attributes(
        QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )
    assert set(left["Attributes"].values()) == {"0"}
