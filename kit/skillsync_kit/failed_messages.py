"""Messages that a consumer could not handle, with the reason: what a dead-letter queue does not tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, MetaData, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.clock import Clock
from skillsync_kit.database import UtcDateTime, key_text

__all__ = ["FailedMessage", "FailedMessages", "failed_messages_table"]


def failed_messages_table(metadata: MetaData) -> Table:
    """The table `failed_messages` of a consuming service."""
    return Table(
        "failed_messages",
        metadata,
        Column("consumer", key_text(64), primary_key=True),
        Column("message_id", key_text(128), primary_key=True),
        Column("event_id", key_text(64)),
        Column("type", key_text(128)),
        Column("traceparent", key_text(64)),
        Column("reason", key_text(500), nullable=False),
        Column("receives", Integer, nullable=False),
        Column("failed_at", UtcDateTime, nullable=False),
    )


@dataclass(frozen=True, slots=True)
class FailedMessage:
    """One message that failed; the last reason."""

    consumer: str
    message_id: str
    event_id: str | None
    type: str | None
    traceparent: str | None
    reason: str
    receives: int
    failed_at: datetime


class FailedMessages:
    """Remembers which messages failed, and why."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    async def find(self, connection: AsyncConnection, message_ids: Sequence[str]) -> list[FailedMessage]:
        """Those of the messages that have failed."""
        found = select(self._table).where(self._table.c.message_id.in_(message_ids))
        return [FailedMessage(*row) for row in await connection.execute(found)]
