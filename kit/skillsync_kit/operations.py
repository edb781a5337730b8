"""What operators and replays ask of a service's messaging: its outbox, its events, the messages that failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from skillsync_kit.clock import Clock
from skillsync_kit.database import Database
from skillsync_kit.failed_messages import FailedMessage, FailedMessages
from skillsync_kit.outbox import Outbox

__all__ = ["Operations", "OutboxState", "StuckSubject"]

_STUCK_AFTER = timedelta(seconds=10)
_STUCK_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class StuckSubject:
    """A subject whose oldest pending event does not get out; type, attempts and the like are that event's."""

    subject: str
    type: str
    pending: int
    attempts: int
    since: datetime
    last_error: str | None


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How many events wait, since when the oldest does, and which subjects are stuck: at most 20, the oldest first."""

    pending: int
    oldest_at: datetime | None
    lag_seconds: float | None
    stuck: Sequence[StuckSubject]


class Operations:
    """The questions; a service without an outbox is asked about failed messages alone."""

    def __init__(self, database: Database, outbox: Outbox | None, failed: FailedMessages, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._failed = failed
        self._clock = clock

    async def outbox_state(self) -> OutboxState:
        """How the outbox is doing now."""
        row = self._rows()
        waiting = select(func.count(), func.min(row.created_at)).where(row.published_at.is_(None))
        async with self._database.read() as connection:
            pending, oldest = (await connection.execute(waiting)).one()
            stuck = await self._stuck(connection) if pending else []
        lag = None if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())
        return OutboxState(pending, oldest, lag, stuck)

    async def events(
        self, *, after: str | None, since: datetime | None, until: datetime | None, limit: int
    ) -> list[tuple[str, str]]:
        """Ids and envelopes (JSON) of events in the order of ids: those after an id, written from `since` to `until`.

        `until` itself is not included. Ids commit out of order: an event may appear behind one that was given already.
        """
        row = self._rows()
        page = select(row.id, row.payload).order_by(row.id).limit(limit)
        if after is not None:
            page = page.where(row.id > after)
        if since is not None:
            page = page.where(row.created_at >= since)
        if until is not None:
            page = page.where(row.created_at < until)
        async with self._database.read() as connection:
            return [(id, payload) for id, payload in await connection.execute(page)]

    async def failed_messages(self, message_ids: Sequence[str]) -> list[FailedMessage]:
        """Those of the messages that failed here."""
        async with self._database.read() as connection:
            return await self._failed.find(connection, message_ids)

    async def _stuck(self, connection: AsyncConnection) -> list[StuckSubject]:
        row = self._rows()
        oldest = (
            select(row.subject, func.min(row.sequence).label("sequence"), func.count().label("pending"))
            .where(row.published_at.is_(None))
            .group_by(row.subject)
            .subquery()
        )
        found = (
            select(row.subject, row.type, oldest.c.pending, row.attempts, row.created_at, row.last_error)
            .join(oldest, (oldest.c.subject == row.subject) & (oldest.c.sequence == row.sequence))
            .where(or_(row.attempts >= 1, row.created_at < self._clock.now() - _STUCK_AFTER))
            .order_by(row.created_at, row.subject)
            .limit(_STUCK_AT_MOST)
        )
        return [StuckSubject(*values) for values in await connection.execute(found)]

    def _rows(self) -> ReadOnlyColumnCollection[str, Column[Any]]:
        if self._outbox is None:
            raise RuntimeError("this service has no outbox")
        return self._outbox.table.c
