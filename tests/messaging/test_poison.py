"""A poison message: given up after exactly so many receives, harming no other, and redriven after the fix."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from botocore.exceptions import ClientError

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.inbox import Handler
from skillsync_testing.messaging import ConsumerQueue, Endpoint, Messaging, Watched, is_empty, receive, until

MakeEvent = Callable[..., Event]
Publish = Callable[..., Awaitable[None]]
Consuming = Callable[..., AbstractAsyncContextManager[Watched]]
Effects = Callable[[], Awaitable[list[str]]]


async def test_a_poison_message_is_given_up_after_so_many_receives_and_redriven_after_the_fix(
    sqs: Any,
    endpoint: Endpoint,
    messaging: Messaging,
    queue: ConsumerQueue,
    publish: Publish,
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
        await publish(poison)

        async def was_tried() -> bool:
            return client.of(poison.id) != []

        await until(was_tried, "the poison is received")
        await publish(good)
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
