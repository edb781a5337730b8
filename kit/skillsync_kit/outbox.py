"""The transactional outbox: events are rows, written in the transaction of the change they tell of.

A relay publishes them afterwards (`relay`). Published rows are kept, for replay.
"""

from sqlalchemy import Column, Index, Integer, MetaData, Table, insert

from skillsync_kit.clock import Clock
from skillsync_kit.database import ID, LONG_TEXT, UnitOfWork, UtcDateTime, key_text

__all__ = ["Outbox", "outbox_table"]


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
        # What is pending is found by published_at IS NULL; never by the highest id, for ids commit out of order.
        Index("outbox_pending", "published_at", "claimed_until"),
        Index("outbox_subject", "subject", "sequence", unique=True),
    )


class Outbox:
    """Writes a unit's events to the table `outbox`."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table = table
        self._clock = clock
        self._insert = insert(table)

    async def record(self, unit: UnitOfWork) -> None:
        """Write every event the unit published, as one statement, in the unit's transaction."""
        now = self._clock.now()
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
                }
                for event in unit.events
            ],
        )
