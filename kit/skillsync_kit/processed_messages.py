"""Ids of events already handled: what makes a consumer idempotent.

Keyed on the event's own id: SQS gives a message another id when it is redriven.
"""

from sqlalchemy import Column, MetaData, Table, insert
from sqlalchemy.exc import IntegrityError

from skillsync_kit.clock import Clock
from skillsync_kit.database import UnitOfWork, UtcDateTime, key_text

__all__ = ["ProcessedMessages", "processed_messages_table"]


def processed_messages_table(metadata: MetaData) -> Table:
    """The table `processed_messages` of a consuming service."""
    return Table(
        "processed_messages",
        metadata,
        Column("consumer", key_text(64), primary_key=True),
        Column("event_id", key_text(64), primary_key=True),
        Column("processed_at", UtcDateTime, nullable=False),
    )


class ProcessedMessages:
    """Remembers which events a consumer has handled."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table = table
        self._clock = clock

    async def first_time(self, unit: UnitOfWork, consumer: str, event_id: str) -> bool:
        """Record the event, before its effect and in the effect's transaction. False when it was there already.

        Insert, never look up: two deliveries at once would both find nothing. The second waits here for the first's
        commit, and begins anew when the first rolls back.
        """
        row = {"consumer": consumer, "event_id": event_id, "processed_at": self._clock.now()}
        try:
            await unit.connection.execute(insert(self.table), row)
        except IntegrityError:
            return False
        return True
