"""What a consumer holds: hidden from others for as long as it is handled, given back when the consumer stops."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.inbox import Handler
from skillsync_testing.messaging import ConsumerQueue, Messaging, Watched, is_empty, receive, take, until

MakeEvent = Callable[..., Event]
Publish = Callable[..., Awaitable[None]]
Consuming = Callable[..., AbstractAsyncContextManager[Watched]]
Effects = Callable[[], Awaitable[list[str]]]


async def test_a_message_stays_hidden_while_it_is_handled_longer_than_its_visibility_timeout(
    sqs: Any,
    messaging: Messaging,
    queue: ConsumerQueue,
    publish: Publish,
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
        await publish(event)
        await asyncio.wait_for(begun.wait(), 60)
        # Another consumer waits for longer than the message would be hidden without a heartbeat.
        seen = await receive(sqs, queue.url, wait_seconds=messaging.visibility_timeout_seconds + 2)
        may_end.set()
        await until(lambda: is_empty(sqs, queue.url), "an empty queue")
    assert seen == []
    assert len(client.of(event.id)) == 1
    assert await effects() == [event.id]


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
