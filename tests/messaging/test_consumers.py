"""The consumer on a real queue: one effect, poison aside, hand-back when it stops, and handles that no longer hold."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import MetaData, insert, select, update

from skillsync_kit.aws import SnsPublisher
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.inbox import Handler
from skillsync_kit.relay import Message
from skillsync_testing.messaging import ConsumerQueue, Endpoint, Messaging, Watched, is_empty, take, until
from skillsync_testing.proofs import Proof

MakeEvent = Callable[..., Event]
Consuming = Callable[..., AbstractAsyncContextManager[Watched]]
Effects = Callable[[], Awaitable[list[str]]]
OpenDatabase = Callable[[], Awaitable[Database]]


async def publish(publisher: SnsPublisher, *events: Event) -> None:
    """Publish as the relay does, as often as an event is named."""
    for event in events:
        assert await publisher.publish([Message(event.id, event.type, event.to_json(), 0)]) == {}


async def test_an_event_sent_five_times_has_one_effect(
    sqs: Any,
    queue: ConsumerQueue,
    publisher: SnsPublisher,
    consuming: Consuming,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    event, other = make_event(), make_event()
    await publish(publisher, *[event] * 5, other)
    async with consuming(queue.url, record) as client:

        async def all_came() -> bool:
            return len(client.of(event.id)) >= 5 and client.of(other.id) != []

        await until(all_came, "five deliveries")
        await until(lambda: is_empty(sqs, queue.url), "an empty queue")
    assert sorted(await effects()) == sorted([event.id, other.id])


async def test_a_poison_message_is_given_up_after_so_many_receives_and_redriven_after_the_fix(
    sqs: Any,
    endpoint: Endpoint,
    messaging: Messaging,
    queue: ConsumerQueue,
    publisher: SnsPublisher,
    consuming: Consuming,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    poison, good = make_event(), make_event()
    is_mended = False

    async def handle(unit: UnitOfWork, event: Event) -> None:
        await record(unit, event)
        if event.id == poison.id and not is_mended:
            raise LookupError("not mended yet")

    async def given_up() -> bool:
        found = await sqs.receive_message(QueueUrl=queue.dlq_url, VisibilityTimeout=0, WaitTimeSeconds=1)
        return any(message["Body"] == poison.to_json() for message in found.get("Messages", []))

    async def happened(*events: Event) -> bool:
        return set(await effects()) == {event.id for event in events}

    async with consuming(queue.url, handle) as client:
        await publish(publisher, poison)

        async def was_tried() -> bool:
            return client.of(poison.id) != []

        await until(was_tried, "the poison is received")
        await publish(publisher, good)
        await until(lambda: happened(good), "the good message is handled")
        await until(given_up, "the poison is given up")
        assert len(client.of(poison.id)) == messaging.max_receive_count
        assert len(client.of(good.id)) == 1

        is_mended = True
        await redrive(sqs, endpoint, queue)
        await until(lambda: happened(good, poison), "the redriven message is handled")
        await until(lambda: is_empty(sqs, queue.dlq_url), "an empty DLQ")
    assert sorted(await effects()) == sorted([good.id, poison.id])


async def redrive(sqs: Any, endpoint: Endpoint, queue: ConsumerQueue) -> None:
    """Move the DLQ's messages back, by a task of SQS where there are any, else by hand."""
    try:
        await sqs.start_message_move_task(SourceArn=queue.dlq_arn)
    except ClientError as error:
        endpoint.lacks("message move tasks; redriven by receive, send, delete", error)
    else:
        return
    for message in await receive(sqs, queue.dlq_url):
        await sqs.send_message(
            QueueUrl=queue.url, MessageBody=message["Body"], MessageAttributes=message["MessageAttributes"]
        )
        await sqs.delete_message(QueueUrl=queue.dlq_url, ReceiptHandle=message["ReceiptHandle"])


async def receive(sqs: Any, queue_url: str, *, wait_seconds: int = 5) -> list[dict[str, Any]]:
    """One receive, as another consumer would do it."""
    answer = await sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds, MessageAttributeNames=["All"]
    )
    return list(answer.get("Messages", []))


async def test_a_message_stays_hidden_while_it_is_handled_longer_than_its_visibility_timeout(
    sqs: Any,
    messaging: Messaging,
    queue: ConsumerQueue,
    publisher: SnsPublisher,
    consuming: Consuming,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    event, begun, may_end = make_event(), asyncio.Event(), asyncio.Event()

    async def handle(unit: UnitOfWork, event: Event) -> None:
        begun.set()
        await may_end.wait()
        await record(unit, event)

    async with consuming(queue.url, handle) as client:
        await publish(publisher, event)
        await asyncio.wait_for(begun.wait(), 60)
        # Another consumer waits for longer than the message would be hidden without a heartbeat.
        seen = await receive(sqs, queue.url, wait_seconds=messaging.visibility_timeout_seconds + 2)
        may_end.set()
        await until(lambda: is_empty(sqs, queue.url), "an empty queue")
    assert seen == []
    assert len(client.of(event.id)) == 1
    assert await effects() == [event.id]


@pytest.fixture
async def patient_queue(sqs: Any, messaging: Messaging) -> str:
    """The URL of a test's own queue, which hides a message for five minutes: who gets one sooner was given it back."""
    name = f"{messaging.env_name}-patient-{secrets.token_hex(4)}"
    answer = await sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "300"})
    return str(answer["QueueUrl"])


async def test_a_consumer_that_stops_gives_back_what_it_has_not_handled(
    sqs: Any, patient_queue: str, consuming: Consuming, effects: Effects, make_event: MakeEvent
) -> None:
    begun, events = asyncio.Event(), [make_event() for _ in range(5)]

    async def handle(unit: UnitOfWork, event: Event) -> None:
        begun.set()
        await asyncio.Event().wait()

    for event in events:
        await sqs.send_message(QueueUrl=patient_queue, MessageBody=event.to_json())
    async with consuming(patient_queue, handle) as client:
        await asyncio.wait_for(begun.wait(), 60)
    assert client.received
    found = await take(sqs, patient_queue, len(events))
    assert {Event.from_json(message["Body"]).id for message in found} == {event.id for event in events}
    assert await effects() == []


async def test_a_consumer_that_stops_while_it_waits_takes_no_message_with_it(
    sqs: Any, patient_queue: str, consuming: Consuming, record: Handler, effects: Effects, make_event: MakeEvent
) -> None:
    first, later = make_event(), make_event()
    async with consuming(patient_queue, record) as client:
        await sqs.send_message(QueueUrl=patient_queue, MessageBody=first.to_json())

        async def waits() -> bool:
            return client.polls > 1 and client.is_polling

        await until(waits, "it waits for the next message")
    await sqs.send_message(QueueUrl=patient_queue, MessageBody=later.to_json())
    # A poll that was only abandoned is answered still, with a message that nobody handles: give it its chance.
    for _ in range(40):
        assert await hidden(sqs, patient_queue) == 0, "a consumer that has stopped was given a message"
        await asyncio.sleep(0.05)
    assert [message["Body"] for message in await take(sqs, patient_queue, 1)] == [later.to_json()]
    assert await effects() == [first.id]


async def hidden(sqs: Any, queue_url: str) -> int:
    """How many messages are in somebody's hands."""
    name = "ApproximateNumberOfMessagesNotVisible"
    answer = await sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
    return int(answer["Attributes"][name])


async def test_handles_that_no_longer_hold_and_messages_nobody_knows_stop_no_consumer(
    sqs: Any,
    patient_queue: str,
    consuming: Consuming,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    deleted, lost, good = make_event(), make_event(), make_event()

    async def handle(unit: UnitOfWork, event: Event) -> None:
        await record(unit, event)
        handle_now = next(m["ReceiptHandle"] for m in client.received if event.id in m["Body"])
        if event.id == deleted.id:
            await sqs.delete_message(QueueUrl=patient_queue, ReceiptHandle=handle_now)
        if event.id == lost.id:
            # Its visibility ends while it is handled: somebody else receives it, and this one's handle is old.
            await sqs.change_message_visibility(QueueUrl=patient_queue, ReceiptHandle=handle_now, VisibilityTimeout=0)
            taken = await until(lambda: receive(sqs, patient_queue, wait_seconds=1), "somebody else receives it")
            for message in taken:
                await sqs.delete_message(QueueUrl=patient_queue, ReceiptHandle=message["ReceiptHandle"])

    strange = ["no event at all", "{}", make_event(type="stranger.v1").to_json()]
    async with consuming(patient_queue, handle) as client:
        for body in [*strange, deleted.to_json()]:
            await sqs.send_message(QueueUrl=patient_queue, MessageBody=body)
        await until(lambda: _happened(effects, deleted), "the deleted message's effect")
        await sqs.send_message(QueueUrl=patient_queue, MessageBody=lost.to_json())
        await until(lambda: _happened(effects, lost), "the lost message's effect")
        await sqs.send_message(QueueUrl=patient_queue, MessageBody=good.to_json())
        await until(lambda: _happened(effects, good), "the good message's effect")
        assert all(any(body == message["Body"] for message in client.received) for body in strange)
    assert Counter(await effects()) == Counter(event.id for event in (deleted, lost, good))


async def _happened(effects: Effects, event: Event) -> bool:
    return event.id in await effects()


async def test_shuffled_repeated_deliveries_to_two_consumers_make_the_same_read_model(
    sqs: Any,
    queue: ConsumerQueue,
    consuming: Consuming,
    open_database: OpenDatabase,
    metadata: MetaData,
    make_event: MakeEvent,
    proof: Proof,
) -> None:
    newest = metadata.tables["newest"]
    subjects = {make_event().subject: proof.random.randint(1, 6) for _ in range(8)}
    events = [make_event(subject=name, sequence=n) for name, last in subjects.items() for n in range(1, last + 1)]
    sent = [event for event in events for _ in range(proof.random.randint(1, 3))]
    proof.random.shuffle(sent)

    async def keep_newest(unit: UnitOfWork, event: Event) -> None:
        known = select(newest.c.sequence).where(newest.c.subject == event.subject)
        sequence = (await unit.connection.execute(known)).scalar()
        row = {"subject": event.subject, "sequence": event.sequence}
        if sequence is None:
            await unit.connection.execute(insert(newest), row)
        elif sequence < event.sequence:
            await unit.connection.execute(update(newest).where(newest.c.subject == event.subject).values(row))

    for start in range(0, len(sent), 10):
        entries = [{"Id": str(n), "MessageBody": event.to_json()} for n, event in enumerate(sent[start : start + 10])]
        assert not (await sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)).get("Failed")
    one, two = await open_database(), await open_database()
    async with consuming(queue.url, keep_newest, one) as first, consuming(queue.url, keep_newest, two) as second:

        async def all_came() -> bool:
            return len(first.received) + len(second.received) >= len(sent) and await is_empty(sqs, queue.url)

        await until(all_came, "every delivery is handled")
    async with one.read() as connection:
        model = {row.subject: row.sequence for row in await connection.execute(select(newest))}
    assert model == subjects
    assert first.received
    assert second.received
