"""The transactional outbox: events are rows, written in the transaction of the change they tell of.

A relay publishes them afterwards (`relay`). Published rows are kept, for replay.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, Table, insert

from skillsync_kit.clock import Clock, monotonic_seconds
from skillsync_kit.database import ID, LONG_TEXT, UnitOfWork, UtcDateTime, key_text
from skillsync_kit.telemetry import current_flow

__all__ = ["Outbox", "add_received_at_v1", "outbox_table"]


def outbox_table(metadata: MetaData) -> Table:
    """The table `outbox` of a producing service; its primary key is the event's id, so it grows in order of time."""
    return Table(
        "outbox",
        metadata,
        Column("id", ID, primary_key=True),
        Column("type", key_text(128), nullable=False),
        Column("subject", key_text(64), nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("payload", LONG_TEXT, nullable=False),
        Column("traceparent", key_text(64)),
        Column("created_at", UtcDateTime, nullable=False),
        Column("claimed_until", UtcDateTime),
        Column("published_at", UtcDateTime),
        Column("attempts", Integer, nullable=False, default=0),
        Column("last_error", key_text(500)),
        # When the request or message that caused it came in; null when nothing did.
        Column("received_at", UtcDateTime),
        # What is pending is found by published_at IS NULL; never by the highest id, for ids commit out of order.
        Index("outbox_pending", "published_at", "claimed_until"),
        Index("outbox_subject", "subject", "sequence", unique=True),
    )


def add_received_at_v1(op: Any) -> None:
    """For a migration: add the column to the table of the first release. A fixed copy."""
    op.add_column("outbox", Column("received_at", UtcDateTime))


class Outbox:
    """Writes a unit's events to the table `outbox`."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table = table
        self._clock = clock
        self._insert = insert(table)

    async def record(self, unit: UnitOfWork) -> None:
        """Write every event the unit published, as one statement, in the unit's transaction."""
        now, began = self._clock.now(), current_flow().began
        # By the length of the work, not by two looks at the clock: one that is moved meanwhile would stretch it.
        milliseconds = None if began is None else round((monotonic_seconds() - began) * 1000)
        received = None if milliseconds is None else now - timedelta(milliseconds=milliseconds)
        await unit.connection.execute(
            self._insert,
            [
                {
                    "id": event.id,
                    "type": event.type,
                    "subject": event.subject,
                    "sequence": event.sequence,
                    "payload": event.to_json(),
                    "traceparent": event.traceparent,
                    "created_at": now,
                    "attempts": 0,
                    "received_at": received,
                }
                for event in unit.events
            ],
        )
