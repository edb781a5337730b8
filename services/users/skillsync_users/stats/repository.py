"""All SQL of statistics: sums that can be added in any order."""

from datetime import datetime

from sqlalchemy import Insert, Table, case, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import UnitOfWork, UtcDateTime
from skillsync_users import tables
from skillsync_users.stats.entities import Share, Statistics

__all__ = ["StatisticsRepository"]


class StatisticsRepository:
    """Keeps the read model; in the rebuilt tables while a replay fills them."""

    def __init__(self, statistics: Table = tables.statistics, partners: Table = tables.partners) -> None:
        self._statistics = statistics
        self._row, self._pair = statistics.c, partners.c
        self._begin, self._meet = _unless_there(statistics), _unless_there(partners)

    async def add(self, unit: UnitOfWork, share: Share, at: datetime) -> None:
        """Add one participant's share in an exchange that was finalized at that moment."""
        row = self._row
        more = (
            update(self._statistics)
            .where(row.user_id == share.user)
            .values(
                finalized=row.finalized + 1,
                minutes_given=row.minutes_given + share.minutes_given,
                minutes_received=row.minutes_received + share.minutes_received,
                as_of=case((row.as_of < at, literal(at, UtcDateTime())), else_=row.as_of),
            )
        )
        run = unit.connection.execute
        if (await run(more)).rowcount == 0:
            nothing = {"finalized": 0, "minutes_given": 0, "minutes_received": 0}
            await run(self._begin, {"user_id": share.user, "as_of": at, **nothing})
            await run(more)
        if share.partners:
            pairs = [{"user_id": share.user, "partner_id": partner} for partner in sorted(share.partners)]
            await run(self._meet, pairs)

    async def of(self, connection: AsyncConnection, user: str) -> Statistics:
        """A user's sums; zeros when nothing was heard of them."""
        partners = select(func.count()).where(self._pair.user_id == user).scalar_subquery()
        row = self._row
        sums = select(row.finalized, row.minutes_given, row.minutes_received, partners, row.as_of)
        found = (await connection.execute(sums.where(row.user_id == user))).one_or_none()
        return Statistics(user, *found) if found else Statistics(user)


def _unless_there(table: Table) -> Insert:
    return insert(table).prefix_with("IGNORE", dialect="mysql").prefix_with("OR IGNORE", dialect="sqlite")
