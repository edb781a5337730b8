"""All SQL of erasures, besides the kit's own table of them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import UnitOfWork
from skillsync_users import tables
from skillsync_users.erasure.entities import Planned

__all__ = ["ErasureRepository"]

_user, _part = tables.users.c, tables.erasure_acknowledgements.c


class ErasureRepository:
    """Finds who is due, and keeps who has done their part."""

    async def due(self, connection: AsyncConnection, now: datetime, *, limit: int) -> Sequence[str]:
        """The ids of at most `limit` users who are to be erased by now, the longest due first."""
        query = (
            select(_user.id).where(_user.erasure_due_at <= now).order_by(_user.erasure_due_at, _user.id).limit(limit)
        )
        return (await connection.execute(query)).scalars().all()

    async def planned(self, connection: AsyncConnection, *, limit: int) -> Sequence[Planned]:
        """At most `limit` erasures that are still to come, the first due first."""
        query = (
            select(_user.id, _user.erasure_due_at)
            .where(_user.erasure_due_at.is_not(None))
            .order_by(_user.erasure_due_at, _user.id)
            .limit(limit)
        )
        return [Planned(*row) for row in await connection.execute(query)]

    async def acknowledged(self, connection: AsyncConnection, users: Collection[str]) -> dict[str, frozenset[str]]:
        """Who has done their part, for each of `users`."""
        found: dict[str, set[str]] = {user: set() for user in users}
        query = select(_part.user_id, _part.service).where(_part.user_id.in_(users))
        for row in await connection.execute(query):
            found[row.user_id].add(row.service)
        return {user: frozenset(parts) for user, parts in found.items()}

    async def acknowledge(self, unit: UnitOfWork, user: str, service: str, now: datetime) -> bool:
        """Keep that `service` has done its part; False when that was known."""
        row = {"user_id": user, "service": service, "acknowledged_at": now}
        try:
            await unit.connection.execute(insert(tables.erasure_acknowledgements), row)
        except IntegrityError:
            return False
        return True
