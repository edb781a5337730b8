"""All SQL of statistics: sums that can be added in any order."""

from datetime import datetime

from sqlalchemy import case, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import UnitOfWork, UtcDateTime
from skillsync_users import tables
from skillsync_users.stats.entities import Share, Statistics

__all__ = ["StatisticsRepository"]

_row, _pair = tables.statistics.c, tables.partners.c
_insert_unless_there = {
    table: insert(table).prefix_with("IGNORE", dialect="mysql").prefix_with("OR IGNORE", dialect="sqlite")
    for table in (tables.statistics, tables.partners)
}


class StatisticsRepository:
    """Keeps the read model."""

    async def add(self, unit: UnitOfWork, share: Share, at: datetime) -> None:
        """Add one participant's share in an exchange that was finalized at that moment."""
        more = (
            update(tables.statistics)
            .where(_row.user_id == share.user)
            .values(
                finalized=_row.finalized + 1,
                minutes_given=_row.minutes_given + share.minutes_given,
                minutes_received=_row.minutes_received + share.minutes_received,
                as_of=case((_row.as_of < at, literal(at, UtcDateTime())), else_=_row.as_of),
            )
        )
        run = unit.connection.execute
        if (await run(more)).rowcount == 0:
            nothing = {"finalized": 0, "minutes_given": 0, "minutes_received": 0}
            await run(_insert_unless_there[tables.statistics], {"user_id": share.user, "as_of": at, **nothing})
            await run(more)
        if share.partners:
            pairs = [{"user_id": share.user, "partner_id": partner} for partner in sorted(share.partners)]
            await run(_insert_unless_there[tables.partners], pairs)

    async def of(self, connection: AsyncConnection, user: str) -> Statistics:
        """A user's sums; zeros when nothing was heard of them."""
        partners = select(func.count()).where(_pair.user_id == user).scalar_subquery()
        sums = select(_row.finalized, _row.minutes_given, _row.minutes_received, partners, _row.as_of)
        row = (await connection.execute(sums.where(_row.user_id == user))).one_or_none()
        return Statistics(user, *row) if row else Statistics(user)
