"""The trail of one subject through a service: when its events were committed and published, and when handled.

Ids, types and times alone. Events are found by their subject where they were made; whoever handled them keeps their ids
and no subject, and is asked by those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from skillsync_kit.database import Database
from skillsync_kit.outbox import Outbox
from skillsync_kit.processed_messages import ProcessedMessages

__all__ = ["EVENTS_AT_MOST", "Handled", "TrailEvent", "Trails"]

EVENTS_AT_MOST = 100
"""Events of one trail: as many as one request may name."""


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One event in the outbox.

    `received_at` is when the request or message that caused it came in, `created_at` is just before its commit,
    `published_at` when the broker had it and that was written down.
    """

    id: str
    type: str
    sequence: int
    traceparent: str | None
    received_at: datetime | None
    created_at: datetime
    published_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Handled:
    """When a consumer began with the effect of an event that it has had."""

    event_id: str
    processed_at: datetime


class Trails:
    """The questions; a service without an outbox has no events of its own."""

    def __init__(self, database: Database, outbox: Outbox | None, processed: ProcessedMessages, consumer: str) -> None:
        self._database = database
        self._outbox = outbox
        self._processed = processed
        self._consumer = consumer

    async def events(self, subject: str) -> list[TrailEvent]:
        """The newest events of a subject, the oldest first; one more than EVENTS_AT_MOST when there are more."""
        if self._outbox is None:
            raise RuntimeError("this service has no outbox")
        row = self._outbox.table.c
        newest = (
            select(
                row.id,
                row.type,
                row.sequence,
                row.traceparent,
                row.received_at,
                row.created_at,
                row.published_at,
                row.attempts,
            )
            .where(row.subject == subject)
            .order_by(row.sequence.desc())
            .limit(EVENTS_AT_MOST + 1)
        )
        async with self._database.read() as connection:
            found = [TrailEvent(*values) for values in await connection.execute(newest)]
        return found[::-1]

    async def handled(self, event_ids: Sequence[str]) -> list[Handled]:
        """Those of the events that this service's consumer has handled."""
        row = self._processed.table.c
        mine = (
            select(row.event_id, row.processed_at)
            .where(row.consumer == self._consumer, row.event_id.in_(event_ids))
            .order_by(row.event_id)
        )
        async with self._database.read() as connection:
            return [Handled(*values) for values in await connection.execute(mine)]
