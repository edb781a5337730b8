"""The consumer: the effect once, the message deleted after the commit, and failures left to the redrive policy."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError
from sqlalchemy import MetaData, insert, select

from skillsync_kit.aws import open_client
from skillsync_kit.consumer import Consumer
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.ids import new_id
from skillsync_kit.inbox import Handler, Inbox
from skillsync_kit.processed_messages import ProcessedMessages
from skillsync_kit.telemetry import current_flow, traceparent
from skillsync_kit.testing import FixedClock
from skillsync_testing import Emulator

OpenDatabase = Callable[[str], Awaitable[Database]]
MakeEvent = Callable[..., Event]
Effects = Callable[[Database], Awaitable[list[str]]]
QUEUE = "http://queue.example/things"


class Queue:
    """A stub of SQS: gives the batches it holds, then waits; remembers what was deleted and put off."""

    def __init__(self, *batches: Any) -> None:
        self.batches = list(batches)
        self.deleted: list[str] = []
        self.put_off: dict[str, int] = {}
        self.receives = 0
        self.emptied = asyncio.Event()
        self.before_delete: Callable[[], Awaitable[None]] | None = None

    async def receive_message(self, **arguments: Any) -> dict[str, Any]:
        assert arguments["MaxNumberOfMessages"] <= 10
        assert arguments["WaitTimeSeconds"] == 20
        self.receives += 1
        if not self.batches:
            self.emptied.set()
            await asyncio.Event().wait()
        batch = self.batches.pop(0)
        if isinstance(batch, Exception):
            raise batch
        return {"Messages": batch} if batch else {}

    async def delete_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        assert QueueUrl == QUEUE
        if self.before_delete is not None:
            await self.before_delete()
        assert 1 <= len({entry["Id"] for entry in Entries}) == len(Entries) <= 10
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]
        return {"Successful": [], "Failed": []}

    async def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        assert QueueUrl == QUEUE
        self.put_off |= {entry["ReceiptHandle"]: entry["VisibilityTimeout"] for entry in Entries}
        return {"Successful": [], "Failed": []}


def message(body: str, receives: int = 1, handle: str = "") -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(receives)}
    return {"MessageId": new_id(), "ReceiptHandle": handle or new_id(), "Body": body, "Attributes": attributes}


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
def inbox(metadata: MetaData, clock: FixedClock) -> Callable[..., Inbox]:
    def make(database: Database, **handlers: Handler) -> Inbox:
        processed = ProcessedMessages(metadata.tables["processed_messages"], clock)
        return Inbox("things", database, processed, {f"thing.{name}.v1": handlers[name] for name in handlers})

    return make


def consumer(queue: Queue, inbox: Inbox, handled: Callable[[], None] = lambda: None) -> Consumer:
    return Consumer(cast(Any, queue), QUEUE, inbox, handled)


async def test_a_message_is_deleted_after_its_effect_is_committed(
    database: Database, inbox: Callable[..., Inbox], record: Handler, effects: Effects, make_event: MakeEvent
) -> None:
    event, queue, seen = make_event(), Queue(), list[list[str]]()

    async def look() -> None:
        # Another connection: it sees only what is committed.
        seen.append(await effects(database))

    queue.before_delete = look
    told: list[str] = []
    consume = consumer(queue, inbox(database, done=record), lambda: told.append("handled"))
    await consume.handle([message(event.to_json(), handle="h1")])  # type: ignore[list-item]
    assert seen == [[event.id]]
    assert queue.deleted == ["h1"]
    assert queue.put_off == {}
    assert told == ["handled"]


async def test_a_failing_message_stays_and_is_put_off_and_touches_no_other(
    database: Database, inbox: Callable[..., Inbox], record: Handler, effects: Effects, make_event: MakeEvent
) -> None:
    async def fail(unit: UnitOfWork, event: Event) -> None:
        await record(unit, event)
        raise LookupError("always")

    good, bad, queue = make_event(), make_event(type="thing.failed.v1"), Queue()
    consume = consumer(queue, inbox(database, done=record, failed=fail))
    await consume.handle(
        [message(bad.to_json(), receives=3, handle="bad"), message(good.to_json(), handle="good")]  # type: ignore[list-item]
    )
    assert queue.deleted == ["good"]
    assert queue.put_off.keys() == {"bad"}
    assert await effects(database) == [good.id]


async def test_the_back_off_is_full_jitter_that_doubles_with_each_receive(
    database: Database, inbox: Callable[..., Inbox]
) -> None:
    longest = []
    for receives in (1, 3, 6, 50):
        waits = set()
        for _ in range(40):
            queue = Queue()
            batch = [message("no event", receives=receives) for _ in range(10)]
            await consumer(queue, inbox(database)).handle(batch)  # type: ignore[arg-type]
            waits |= set(queue.put_off.values())
        assert min(waits) < 2**receives // 4 + 1
        longest.append(max(waits))
    assert longest[0] <= 2
    assert 4 < longest[1] <= 8
    assert 32 < longest[2] <= 64
    assert 200 < longest[3] <= 300


UNREADABLE = ["", "no JSON", "[]", "null", "{}", '{"specversion": "1.0"}', "\ud800", "[" * 100_000, '{"a": NaN}']


async def test_bodies_that_cannot_be_read_stay_for_the_dead_letter_queue(
    database: Database, inbox: Callable[..., Inbox], record: Handler, effects: Effects, make_event: MakeEvent
) -> None:
    bodies = [*UNREADABLE, make_event(type="thing.unknown.v1").to_json()]
    queue = Queue()
    consume = consumer(queue, inbox(database, done=record))
    await consume.handle([message(body, handle=str(number)) for number, body in enumerate(bodies)])  # type: ignore[misc]
    assert queue.deleted == []
    assert len(queue.put_off) == len(bodies)
    assert await effects(database) == []


async def test_a_handler_that_takes_too_long_is_cancelled_and_its_effect_taken_back(
    database: Database,
    inbox: Callable[..., Inbox],
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skillsync_kit.consumer._HANDLING_SECONDS", 0.1)

    async def endless(unit: UnitOfWork, event: Event) -> None:
        await record(unit, event)
        await asyncio.Event().wait()

    event, queue = make_event(), Queue()
    await consumer(queue, inbox(database, done=endless)).handle([message(event.to_json(), handle="h1")])  # type: ignore[list-item]
    assert (queue.deleted, list(queue.put_off)) == ([], ["h1"])
    assert await effects(database) == []
    await consumer(queue, inbox(database, done=record)).handle([message(event.to_json(), handle="h2")])  # type: ignore[list-item]
    assert queue.deleted == ["h2"]
    assert await effects(database) == [event.id]


async def test_an_event_delivered_five_times_at_once_to_four_workers_has_one_effect(
    database_url: str,
    open_database: OpenDatabase,
    inbox: Callable[..., Inbox],
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    events = [make_event() for _ in range(200)]
    deliveries = [message(event.to_json()) for event in events for _ in range(5)]
    random.Random(2030).shuffle(deliveries)  # noqa: S311 - a replayable order, no secret
    # Ever the same five in the same instant: each worker starts with the same first batch.
    same = [message(event.to_json()) for event in events[:5] for _ in range(2)]
    queues = []
    for number in range(4):
        share = deliveries[number::4]
        queues.append(Queue(same, *(share[start : start + 10] for start in range(0, len(share), 10))))
    stopping = asyncio.Event()
    workers = [consumer(queue, inbox(await open_database(database_url), done=record)) for queue in queues]
    running = [asyncio.create_task(worker.run(stopping)) for worker in workers]
    await asyncio.wait_for(asyncio.gather(*(queue.emptied.wait() for queue in queues)), 60)
    stopping.set()
    await asyncio.gather(*running)
    database = await open_database(database_url)
    assert Counter(await effects(database)) == Counter(event.id for event in events)
    assert [queue.put_off for queue in queues] == [{}, {}, {}, {}]
    assert sum(len(queue.deleted) for queue in queues) == 1000 + 40


async def test_a_crash_between_effect_and_delete_has_one_effect_after_the_next_delivery(
    database: Database, inbox: Callable[..., Inbox], record: Handler, effects: Effects, make_event: MakeEvent
) -> None:
    event, broken, queue, committed = make_event(), Queue(), Queue(), asyncio.Event()

    async def hang() -> None:
        committed.set()
        await asyncio.Event().wait()

    broken.before_delete = hang
    first = consumer(broken, inbox(database, done=record)).handle([message(event.to_json())])  # type: ignore[list-item]
    crashed = asyncio.create_task(first)
    await committed.wait()
    crashed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await crashed
    assert broken.deleted == []
    await consumer(queue, inbox(database, done=record)).handle([message(event.to_json(), handle="again")])  # type: ignore[list-item]
    assert queue.deleted == ["again"]
    assert await effects(database) == [event.id]


async def test_a_crash_before_the_commit_has_one_effect_after_the_next_delivery(
    database: Database, inbox: Callable[..., Inbox], record: Handler, effects: Effects, make_event: MakeEvent
) -> None:
    event, queue, done = make_event(), Queue(), asyncio.Event()

    async def hang(unit: UnitOfWork, event: Event) -> None:
        await record(unit, event)
        done.set()
        await asyncio.Event().wait()

    crashed = asyncio.create_task(inbox(database, done=hang).receive(event.to_json()))
    await done.wait()
    crashed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await crashed
    await consumer(queue, inbox(database, done=record)).handle([message(event.to_json(), handle="again")])  # type: ignore[list-item]
    assert queue.deleted == ["again"]
    assert await effects(database) == [event.id]


async def test_stopping_finishes_what_is_in_hand_and_takes_no_more(
    database: Database, inbox: Callable[..., Inbox], record: Handler, effects: Effects, make_event: MakeEvent
) -> None:
    begun, go_on, stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(unit: UnitOfWork, event: Event) -> None:
        begun.set()
        await go_on.wait()
        await record(unit, event)

    event = make_event()
    queue = Queue([message(event.to_json(), handle="h1")], [message(make_event().to_json())])
    running = asyncio.create_task(consumer(queue, inbox(database, done=slow)).run(stopping))
    await begun.wait()
    stopping.set()
    await asyncio.wait({running}, timeout=0.05)
    assert not running.done()
    go_on.set()
    await asyncio.wait_for(running, 5)
    assert (queue.deleted, queue.receives) == (["h1"], 1)
    assert await effects(database) == [event.id]


async def test_stopping_ends_a_long_poll_at_once(database: Database, inbox: Callable[..., Inbox]) -> None:
    queue, stopping = Queue(), asyncio.Event()
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
    inbox: Callable[..., Inbox],
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skillsync_kit.consumer._BROKER_AWAY_SECONDS", 0.01)
    event, stopping = make_event(), asyncio.Event()
    queue = Queue(trouble, trouble, [message(event.to_json(), handle="h1")])
    running = asyncio.create_task(consumer(queue, inbox(database, done=record)).run(stopping))
    await asyncio.wait_for(
        asyncio.wait({running, asyncio.create_task(queue.emptied.wait())}, return_when="FIRST_COMPLETED"), 10
    )
    stopping.set()
    await running
    assert queue.deleted == ["h1"]
    assert await effects(database) == [event.id]


async def test_a_handler_works_in_the_flow_and_trace_of_its_event(
    database: Database, inbox: Callable[..., Inbox], make_event: MakeEvent
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
    inbox: Callable[..., Inbox],
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skillsync_kit.consumer._back_off_seconds", lambda _: 0)
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
    consume = Consumer(sqs, queue, inbox(database, done=record, failed=fail))
    running = asyncio.create_task(consume.run(stopping))
    dead: list[str] = []
    async with asyncio.timeout(20):
        while len(dead) < 2:
            answer = await sqs.receive_message(QueueUrl=dlq, WaitTimeSeconds=10, MaxNumberOfMessages=10)
            dead += [message["Body"] for message in answer.get("Messages", [])]
    stopping.set()
    await running
    assert sorted(dead) == sorted([poison.to_json(), "no event"])
    assert attempts == [poison.id] * 3
    assert Counter(await effects(database)) == Counter(event.id for event in good)
    left = await sqs.get_queue_attributes(
        QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )
    assert set(left["Attributes"].values()) == {"0"}
