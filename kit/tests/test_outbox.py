"""The outbox: what a unit publishes lies there, whole, as rows of the same commit."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import MetaData, select

from skillsync_kit import telemetry
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.testing import FixedClock


async def test_a_row_holds_the_whole_event_and_awaits_its_relay(
    database: Database, metadata: MetaData, clock: FixedClock, make_event: Callable[..., Event]
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event = make_event(sequence=7, actor="ann", correlation_id="flow", causation_id="request", traceparent=trace)

    async def work(unit: UnitOfWork) -> None:
        unit.publish(event)

    await database.run(work)
    async with database.read() as connection:
        row = (await connection.execute(select(metadata.tables["outbox"]))).one()
    assert (row.id, row.type, row.subject, row.sequence) == (event.id, event.type, event.subject, 7)
    assert (row.traceparent, row.created_at, row.attempts) == (trace, clock.now(), 0)
    assert (row.claimed_until, row.published_at, row.last_error, row.received_at) == (None, None, None, None)
    payload = json.loads(row.payload)
    assert payload == json.loads(event.to_json())
    assert (payload["correlationid"], payload["causationid"], payload["actor"]) == ("flow", "request", "ann")


async def test_a_row_tells_when_its_cause_came_in(
    database: Database, metadata: MetaData, clock: FixedClock, make_event: Callable[..., Event]
) -> None:
    async def work(unit: UnitOfWork) -> None:
        await asyncio.sleep(0.02)
        unit.publish(make_event())

    with telemetry.flow("request", parent=None, correlation_id=None, causation_id=None):
        await database.run(work)
    async with database.read() as connection:
        row = (await connection.execute(select(metadata.tables["outbox"]))).one()
    # The clock stands still, and the work took its time all the same.
    assert timedelta(milliseconds=20) <= clock.now() - row.received_at < timedelta(seconds=60)
    assert row.received_at.microsecond % 1000 == 0
