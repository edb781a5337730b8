"""Why messages failed: what an operator who finds one in a dead-letter queue wants to know of it.

A message's body says nothing of what happened to it, and SQS keeps no reason. So a consumer writes one down here, by
the message's id, each time that it fails. Nothing depends on these rows: they may be missing, and may be deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, MetaData, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.clock import Clock
from skillsync_kit.database import UnitOfWork, UtcDateTime, key_text

__all__ = ["FailedMessage", "FailedMessages", "failed_messages_table"]

_REASON_LENGTH = 500


def failed_messages_table(metadata: MetaData) -> Table:
    """The table `failed_messages` of a consuming service. What was no event has no event's id, type or trace."""
    return Table(
        "failed_messages",
        metadata,
        # First in the key: who asks knows the message, and not always whose it was.
        Column("message_id", key_text(100), primary_key=True),
        Column("consumer", key_text(64), primary_key=True),
        Column("event_id", key_text(64)),
        Column("type", key_text(128)),
        Column("traceparent", key_text(64)),
        Column("reason", key_text(_REASON_LENGTH), nullable=False),
        Column("receives", Integer, nullable=False),
        Column("failed_at", UtcDateTime, nullable=False),
    )


@dataclass(frozen=True, slots=True)
class FailedMessage:
    """The latest failure of one message. `receives` is how often the queue had given it out by then."""

    consumer: str
    message_id: str
    event_id: str | None
    type: str | None
    traceparent: str | None
    reason: str
    receives: int
    failed_at: datetime


class FailedMessages:
    """Remembers the latest failure of each message."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    async def record(
        self,
        unit: UnitOfWork,
        *,
        consumer: str,
        message_id: str,
        reason: str,
        receives: int,
        event_id: str | None = None,
        type: str | None = None,
        traceparent: str | None = None,
    ) -> None:
        """Write a failure down in place of the message's one before. A longer reason is cut at 500 characters."""
        row = self._table.c
        key = {"consumer": consumer, "message_id": message_id}
        failure = {
            "event_id": event_id,
            "type": type,
            "traceparent": traceparent,
            "reason": reason[:_REASON_LENGTH],
            "receives": receives,
            "failed_at": self._clock.now(),
        }
        again = update(self._table).where(row.consumer == consumer, row.message_id == message_id).values(failure)
        if (await unit.connection.execute(again)).rowcount == 0:
            await unit.connection.execute(insert(self._table), {**key, **failure})

    async def find(self, connection: AsyncConnection, message_ids: Sequence[str]) -> list[FailedMessage]:
        """The failures of those of these messages that are known here."""
        found = select(self._table).where(self._table.c.message_id.in_(message_ids))
        return [FailedMessage(**row) for row in (await connection.execute(found)).mappings()]
