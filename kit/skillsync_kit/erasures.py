"""Who was erased, as each service keeps it: so that it can say it has done its part, and takes nobody up again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, MetaData, Table, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.clock import Clock
from skillsync_kit.database import ID, Database, UnitOfWork, UtcDateTime

__all__ = ["Erasure", "Erasures", "create_erasures_table_v1", "erased_users_table"]


def erased_users_table(metadata: MetaData) -> Table:
    """The table `erased_users`: ids and times alone. `done_at` is when the service had nothing left of the person."""
    return Table(
        "erased_users",
        metadata,
        Column("user_id", ID, primary_key=True),
        Column("erased_at", UtcDateTime, nullable=False),
        Column("done_at", UtcDateTime),
        Index("erased_users_open", "done_at", "erased_at"),
    )


def create_erasures_table_v1(op: Any) -> None:
    """For a migration: make the table as it was in the first release. A fixed copy."""
    op.create_table(
        "erased_users",
        Column("user_id", ID, primary_key=True),
        Column("erased_at", UtcDateTime, nullable=False),
        Column("done_at", UtcDateTime),
        mysql_charset="utf8mb4",
    )
    op.create_index("erased_users_open", "erased_users", ["done_at", "erased_at"])


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that this service has heard of, by its own clock."""

    user_id: str
    erased_at: datetime
    done_at: datetime | None


class Erasures:
    """The erasures of one service."""

    def __init__(self, database: Database, table: Table, clock: Clock) -> None:
        self._database = database
        self._table = table
        self._clock = clock

    async def record(self, unit: UnitOfWork, user: str, *, done: bool = True) -> bool:
        """Write an erasure down, in the unit that does it; False when it was before. Not `done`: more is to follow."""
        now = self._clock.now()
        values = {"user_id": user, "erased_at": now, "done_at": now if done else None}
        try:
            # Inserted, never looked up: of two at once the second waits here for the first's commit.
            await unit.connection.execute(insert(self._table), values)
        except IntegrityError:
            return False
        return True

    async def finish(self, unit: UnitOfWork, user: str) -> None:
        """Write down that nothing is left of the person."""
        row = self._table.c
        this = update(self._table).where(row.user_id == user, row.done_at.is_(None))
        await unit.connection.execute(this.values(done_at=self._clock.now()))

    async def find(self, user: str) -> Erasure | None:
        """The erasure of that person; None when this service has not heard of it."""
        async with self._database.read() as connection:
            found = (await connection.execute(select(self._table).where(self._table.c.user_id == user))).one_or_none()
        return Erasure(found.user_id, found.erased_at, found.done_at) if found else None

    async def among(self, connection: AsyncConnection, users: Collection[str]) -> frozenset[str]:
        """Those of `users` who were erased."""
        row = self._table.c
        return frozenset((await connection.execute(select(row.user_id).where(row.user_id.in_(users)))).scalars())

    async def open(self, limit: int) -> list[Erasure]:
        """At most `limit` erasures that are not done, the oldest first."""
        row = self._table.c
        query = select(self._table).where(row.done_at.is_(None)).order_by(row.erased_at).limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Erasure(found.user_id, found.erased_at, found.done_at) for found in rows]
