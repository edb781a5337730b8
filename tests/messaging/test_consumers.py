"""The consumer on a real queue: one effect, in whatever order, and no end by a handle that no longer holds."""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy import MetaData, insert, select, update

from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.inbox import Handler
from skillsync_testing.messaging import ConsumerQueue, Watched, is_empty, receive, until
from skillsync_testing.proofs import Proof

MakeEvent = Callable[..., Event]
Publish = Callable[..., Awaitable[None]]
Consuming = Callable[..., AbstractAsyncContextManager[Watched]]
Effects = Callable[[], Awaitable[list[str]]]
OpenDatabase = Callable[[], Awaitable[Database]]


async def test_an_event_sent_five_times_has_one_effect(
    sqs: Any,
    queue: ConsumerQueue,
    publish: Publish,
    consuming: Consuming,
    record: Handler,
    effects: Effects,
    make_event: MakeEvent,
) -> None:
    event, other = make_event(), make_event()
    await publish(*[event] * 5, other)
    async with consuming(queue.url, record) as client:

        async def all_came() -> bool:
            return len(client.of(event.id)) >= 5 and client.of(other.id) != []

        await until(all_came, "five deliveries")
        await until(lambda: is_empty(sqs, queue.url), "an empty queue")
    assert sorted(await effects()) == sorted([event.id, other.id])


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
