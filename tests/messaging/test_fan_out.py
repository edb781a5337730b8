"""What is published reaches exactly the queues whose filters name it, as it was written."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import MetaData, select

from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.relay import Relay
from skillsync_testing.emulator import REPOSITORY
from skillsync_testing.messaging import ConsumerQueue, Messaging, drain, take

MakeEvent = Callable[..., Event]
NOBODYS = ("transaction.accepted", "transaction.accepted.v2", "Transaction.accepted.v1", "stranger.v1")
AWKWARD = {"text": 'Grüße "an" \\alle\\ – 会議 🎸 <&> \u2028 \t\n', "minutes": 90, "part": 0.1}
# SNS takes 262,144 bytes in one message.
TOO_LONG = "x" * 300_000
HALF_A_BATCH = "x" * 100_000


async def commit(database: Database, *events: Event) -> None:
    async def work(unit: UnitOfWork) -> None:
        unit.publish(*events)

    await database.run(work)


async def rows(database: Database, metadata: MetaData) -> dict[str, Any]:
    async with database.read() as connection:
        return {row.id: row for row in await connection.execute(select(metadata.tables["outbox"]))}


async def test_each_type_reaches_exactly_the_queues_whose_filters_name_it_byte_for_byte(
    sqs: Any, messaging: Messaging, database: Database, metadata: MetaData, relay: Relay, make_event: MakeEvent
) -> None:
    await asyncio.gather(*(drain(sqs, queue.url) for queue in messaging.queues.values()))
    catalogue = {file.name.removesuffix(".json") for file in REPOSITORY.glob("services/*/events/*.json")}
    assert len(catalogue) > 10
    types = catalogue.union(*(queue.types for queue in messaging.queues.values()), NOBODYS)
    await commit(database, *(make_event(type=type_, data=AWKWARD) for type_ in sorted(types)))
    assert await relay.publish_pending() == len(types)

    written = {row.type: row.payload for row in (await rows(database, metadata)).values()}
    queues = messaging.queues.items()
    taken = await asyncio.gather(*(take(sqs, queue.url, len(queue.types)) for _, queue in queues))
    for (name, queue), messages in zip(queues, taken, strict=True):
        arrived = {message["MessageAttributes"]["type"]["StringValue"]: message["Body"] for message in messages}
        assert arrived == {type_: written[type_] for type_ in queue.types}, name
        assert all(message["MessageAttributes"].keys() == {"type"} for message in messages)


async def test_what_the_broker_refuses_stays_in_the_outbox_alone(
    sqs: Any, queue: ConsumerQueue, database: Database, metadata: MetaData, relay: Relay, make_event: MakeEvent
) -> None:
    good = [make_event() for _ in range(11)] + [make_event(data={"note": HALF_A_BATCH}) for _ in range(4)]
    bad = make_event(data={"note": TOO_LONG})
    await commit(database, *good[:5], bad, *good[5:])
    assert await relay.publish_pending() == len(good)

    kept = await rows(database, metadata)
    assert {id for id, row in kept.items() if row.published_at} == {event.id for event in good}
    assert kept[bad.id].attempts == 1
    assert kept[bad.id].last_error
    arrived = {Event.from_json(message["Body"]).id for message in await take(sqs, queue.url, len(good))}
    assert arrived == {event.id for event in good}
