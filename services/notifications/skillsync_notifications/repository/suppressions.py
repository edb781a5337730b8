"""Addresses that take no mail of ours."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_notifications import tables
from skillsync_notifications.entities import Suppression

__all__ = ["SuppressionRepository"]

_suppression = tables.suppressions.c


class SuppressionRepository:
    """Keeps digests of addresses, each under its owner."""

    async def of(self, connection: AsyncConnection, user: str, digest: str) -> Suppression | None:
        """Why that address of the user's takes no mail; None when it does."""
        query = select(_suppression.reason).where(_suppression.user == user, _suppression.digest == digest)
        row = (await connection.execute(query)).first()
        return Suppression(row.reason) if row else None

    async def all_of(
        self, connection: AsyncConnection, user: str, *, limit: int
    ) -> Sequence[tuple[Suppression, datetime]]:
        """Why and since when at most `limit` addresses of the user's take no mail."""
        query = select(_suppression.reason, _suppression.created_at).where(_suppression.user == user).limit(limit)
        return [(Suppression(row.reason), row.created_at) for row in await connection.execute(query)]

    async def add(self, unit: UnitOfWork, user: str, digest: str, reason: Suppression, now: datetime) -> None:
        """Send nothing there any more; that it bounced outweighs that it complained. Raises ChangedMeanwhile."""
        known = await self.of(unit.connection, user, digest)
        if known is None:
            row = {"user": user, "digest": digest, "reason": reason.value, "created_at": now}
            try:
                await unit.connection.execute(insert(tables.suppressions), row)
            except IntegrityError:
                raise ChangedMeanwhile from None
        elif reason is Suppression.BOUNCED:
            this = update(tables.suppressions).where(_suppression.user == user, _suppression.digest == digest)
            await unit.connection.execute(this.values(reason=reason.value))
