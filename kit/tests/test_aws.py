"""The adapter of the relay to SNS, on the emulator; and what it makes of a broker that is away or talks nonsense."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import pytest
from sqlalchemy import MetaData, select

from skillsync_kit.aws import SnsPublisher, open_client
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.ids import new_id
from skillsync_kit.outbox import Outbox
from skillsync_kit.relay import Message, Relay
from skillsync_kit.testing import FixedClock
from skillsync_testing import Emulator, free_port

MakeEvent = Callable[..., Event]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def cloud(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    for name, value in emulator.client_environment("101010101010").items():
        monkeypatch.setenv(name, value)
    return emulator


async def subscribed_queue(stack: AsyncExitStack, *types: str) -> tuple[str, str, Any]:
    """A topic, and a queue that gets these types of its events: topic ARN, queue URL, SQS client."""
    sns, sqs = await open_client(stack, "sns"), await open_client(stack, "sqs", read_timeout_seconds=30)
    name = f"t-{new_id()}"
    topic = (await sns.create_topic(Name=name))["TopicArn"]
    queue = (await sqs.create_queue(QueueName=name))["QueueUrl"]
    attributes = await sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    await sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=attributes["Attributes"]["QueueArn"],
        Attributes={
            "RawMessageDelivery": "true",
            "FilterPolicyScope": "MessageAttributes",
            "FilterPolicy": json.dumps({"type": types}),
        },
    )
    return topic, queue, sqs


async def receive(sqs: Any, queue: str, count: int) -> list[Any]:
    """Exactly `count` messages, by long polls; fails when they do not come."""
    messages: list[Any] = []
    async with asyncio.timeout(20):
        while len(messages) < count:
            answer = await sqs.receive_message(
                QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=10, MessageAttributeNames=["All"]
            )
            messages += answer.get("Messages", [])
            for message in answer.get("Messages", []):
                await sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return messages


async def test_committed_events_reach_a_subscribed_queue_with_their_type_and_ids(
    cloud: Emulator,
    stack: AsyncExitStack,
    database: Database,
    metadata: MetaData,
    clock: FixedClock,
    make_event: MakeEvent,
) -> None:
    topic, queue, sqs = await subscribed_queue(stack, "thing.done.v1")
    wanted = [
        make_event(traceparent=TRACE, correlation_id="flow", causation_id="request", data={"text": "hé 🎸 <&>"})
        for _ in range(23)
    ]

    async def work(unit: UnitOfWork) -> None:
        unit.publish(*wanted, make_event(type="thing.done_by.v1"))

    await database.run(work)
    publisher = SnsPublisher(await open_client(stack, "sns"), topic)
    relay = Relay(database, Outbox(metadata.tables["outbox"], clock), publisher, clock)
    assert await relay.publish_pending() == 24
    messages = await receive(sqs, queue, len(wanted))
    assert sorted(message["Body"] for message in messages) == sorted(event.to_json() for event in wanted)
    for message in messages:
        assert message["MessageAttributes"]["type"]["StringValue"] == "thing.done.v1"
        assert list(message["MessageAttributes"]) == ["type"]
        event = Event.from_json(message["Body"])
        assert (event.traceparent, event.correlation_id, event.causation_id) == (TRACE, "flow", "request")


async def test_large_events_go_in_several_batches(cloud: Emulator, stack: AsyncExitStack) -> None:
    topic, queue, sqs = await subscribed_queue(stack, "big.v1")
    messages = [Message(new_id(), "big.v1", json.dumps({"n": n, "filler": "x" * 60_000}), 0) for n in range(7)]
    publisher = SnsPublisher(await open_client(stack, "sns"), topic)
    assert await publisher.publish(messages) == {}
    got = await receive(sqs, queue, len(messages))
    assert sorted(json.loads(message["Body"])["n"] for message in got) == list(range(7))


async def test_one_that_is_too_large_keeps_no_other_back(cloud: Emulator, stack: AsyncExitStack) -> None:
    topic, queue, sqs = await subscribed_queue(stack, "big.v1")
    large = Message(new_id(), "big.v1", json.dumps({"filler": "x" * 300_000}), 0)
    small = [Message(new_id(), "big.v1", json.dumps({"n": n}), 0) for n in range(12)]
    publisher = SnsPublisher(await open_client(stack, "sns"), topic)
    failed = await publisher.publish([*small[:5], large, *small[5:]])
    assert failed.keys() == {large.id}
    got = await receive(sqs, queue, len(small))
    assert sorted(json.loads(message["Body"])["n"] for message in got) == list(range(12))


async def test_a_call_that_is_not_answered_in_time_fails_alone(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        async def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[Any]) -> dict[str, Any]:
            ids = [entry["Id"] for entry in PublishBatchRequestEntries]
            if "stuck" in ids:
                await asyncio.Event().wait()
            return {"Successful": [{"Id": id} for id in ids]}

    monkeypatch.setattr("skillsync_kit.aws.PUBLISH_SECONDS", 0.1)
    messages = [Message(str(number), "a.v1", "{}", 0) for number in range(19)]
    failed = await SnsPublisher(cast(Any, Slow()), "topic").publish([Message("stuck", "a.v1", "{}", 0), *messages])
    # The nine that were in the same call share its fate; those of the other call have left.
    assert failed.keys() == {"stuck", *map(str, range(9))}
    assert failed["stuck"].startswith("TimeoutError")


async def test_a_topic_that_is_not_there_fails_each_message_with_the_reason(
    cloud: Emulator, stack: AsyncExitStack
) -> None:
    publisher = SnsPublisher(await open_client(stack, "sns"), "arn:aws:sns:us-east-1:101010101010:missing")
    messages = [Message(new_id(), "a.v1", "{}", 0) for _ in range(12)]
    failed = await publisher.publish(messages)
    assert failed.keys() == {message.id for message in messages}
    assert all("NotFound" in reason for reason in failed.values())


@asynccontextmanager
async def broker_that_says(answer: bytes) -> AsyncIterator[str]:
    """A server that reads a request and says `answer`, or hangs up when that is empty."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def ok(body: bytes, content_type: bytes = b"text/xml") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (content_type, len(body), body)


NONSENSE = {
    "hangs up": b"",
    "is no HTTP": b"what?\r\n\r\n",
    "is half an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<half",
    "is no XML": ok(b"<html>502 Bad Gateway"),
    "is other XML": ok(b"<Other/>"),
    "is a page": ok(b"<!doctype html><p>hello", b"text/html"),
    "names none": ok(b"<PublishBatchResponse><PublishBatchResult/></PublishBatchResponse>"),
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE.keys())
async def test_a_broker_that_talks_nonsense_keeps_the_rows_waiting_with_the_reason(
    answer: bytes,
    stack: AsyncExitStack,
    monkeypatch: pytest.MonkeyPatch,
    open_database: Callable[[str], Any],
    make_database: Callable[[str], str],
    metadata: MetaData,
    clock: FixedClock,
    make_event: MakeEvent,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    database: Database = await open_database(make_database("sqlite"))
    event = make_event()

    async def work(unit: UnitOfWork) -> None:
        unit.publish(event)

    await database.run(work)
    async with broker_that_says(answer) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        publisher = SnsPublisher(await open_client(stack, "sns"), "arn:aws:sns:us-east-1:000000000000:topic")
        relay = Relay(database, Outbox(metadata.tables["outbox"], clock), publisher, clock)
        assert await relay.publish_pending() == 0
    async with database.read() as connection:
        row = (await connection.execute(select(metadata.tables["outbox"]))).one()
    assert (row.published_at, row.attempts) == (None, 1)
    assert row.last_error
    assert (row.claimed_until - clock.now()).total_seconds() == 0.5


async def test_a_broker_that_is_away_fails_each_message_with_the_reason(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    publisher = SnsPublisher(await open_client(stack, "sns"), "arn:aws:sns:us-east-1:000000000000:topic")
    failed = await publisher.publish([Message("one", "a.v1", "{}", 0)])
    assert failed.keys() == {"one"}
    assert failed["one"].startswith("EndpointConnectionError")
