"""All SQL of the service."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Table, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_analytics import tables
from skillsync_kit.database import UnitOfWork

__all__ = ["MemberExchange", "MemberFigures", "MemberRepository"]


@dataclass(frozen=True, slots=True)
class MemberExchange:
    """One participant's part in one finalized exchange."""

    user_id: str
    transaction_id: str
    minutes_given: int
    minutes_received: int
    finalized_at: datetime


@dataclass(frozen=True, slots=True)
class MemberFigures:
    """One member's sums; all zero for someone without exchanges."""

    finalized: int
    minutes_given: int
    minutes_received: int
    partners: int


class MemberRepository:
    """Keeps who took part in which finalized exchange, and adds it up; in the rebuilt table while a replay fills it."""

    def __init__(self, table: Table = tables.member_exchanges) -> None:
        self._table = table

    async def add(self, unit: UnitOfWork, exchanges: Sequence[MemberExchange]) -> bool:
        """Keep the parts of one exchange, which are there all or none. False when they were there already."""
        try:
            await unit.connection.execute(insert(self._table), [asdict(part) for part in exchanges])
        except IntegrityError:
            return False
        return True

    async def figures(self, connection: AsyncConnection, user: str) -> MemberFigures:
        """The sums over a member's exchanges."""
        row = self._table.c
        sums = select(
            func.count(),
            func.coalesce(func.sum(row.minutes_given), 0),
            func.coalesce(func.sum(row.minutes_received), 0),
        ).where(row.user_id == user)
        finalized, given, received = (await connection.execute(sums)).one()
        other = self._table.alias()
        partners = (
            select(func.count(other.c.user_id.distinct()))
            .select_from(self._table)
            .join(other, other.c.transaction_id == row.transaction_id)
            .where(row.user_id == user, other.c.user_id != user)
        )
        # MySQL adds integers up to a DECIMAL.
        return MemberFigures(finalized, int(given), int(received), (await connection.execute(partners)).scalar_one())

    async def exchanges(
        self, connection: AsyncConnection, user: str, *, after: str, limit: int
    ) -> Sequence[MemberExchange]:
        """At most `limit` of a member's parts, by the exchange's id, those after one."""
        row = self._table.c
        query = (
            select(self._table)
            .where(row.user_id == user, row.transaction_id > after)
            .order_by(row.transaction_id)
            .limit(limit)
        )
        return [MemberExchange(**found._mapping) for found in await connection.execute(query)]

    async def newest(self, connection: AsyncConnection) -> datetime | None:
        """When the newest exchange that is counted was finalized; None before the first."""
        newest: datetime | None = (await connection.execute(select(func.max(self._table.c.finalized_at)))).scalar_one()
        return newest
