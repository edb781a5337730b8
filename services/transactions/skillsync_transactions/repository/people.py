"""What this service knows of users' status: a replica, fed by events."""

from collections.abc import Collection

from sqlalchemy import bindparam, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import UnitOfWork
from skillsync_transactions import tables

__all__ = ["PeopleReplica"]

_people = tables.people.c
_UNAVAILABLE = select(_people.user_id).where(
    _people.user_id.in_(bindparam("ids", expanding=True)), _people.status != "active"
)


class PeopleReplica:
    """Users' status. Who it has not heard of was found in the users service, and counts as active."""

    async def unavailable(self, connection: AsyncConnection, ids: Collection[str]) -> frozenset[str]:
        """Those of `ids` that are known to be suspended or erased."""
        rows = await connection.execute(_UNAVAILABLE, {"ids": sorted(ids)})
        return frozenset(rows.scalars())

    async def record(self, unit: UnitOfWork, user: str, status: str, sequence: int) -> None:
        """Keep a user's status, unless what is kept is newer."""
        people = tables.people
        newer = update(people).where(_people.user_id == user, _people.sequence < sequence)
        changed = await unit.connection.execute(newer.values(status=status, sequence=sequence))
        if changed.rowcount == 0:
            known = select(literal(1)).where(_people.user_id == user).with_for_update()
            if (await unit.connection.execute(known)).first() is None:
                row = {"user_id": user, "status": status, "sequence": sequence}
                await unit.connection.execute(insert(people), row)
