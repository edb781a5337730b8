"""Reads figures of members and of what they offer and want."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_analytics import tables
from skillsync_analytics.entities.calendar import Span
from skillsync_analytics.entities.concealment import Census
from skillsync_analytics.repository.figures import census_of, within

__all__ = ["PeopleFigures", "SkillCount"]

_members, _activity, _offerings = tables.LIVE.members, tables.LIVE.activity, tables.LIVE.offerings
# Of the tables whose newest event each measure may rest on.
_NEWEST = [
    select(func.max(table.c.last_event_at)).scalar_subquery()
    for table in (tables.LIVE.exchanges, tables.LIVE.members, tables.LIVE.offerings)
]
_USUAL = "active"


@dataclass(frozen=True, slots=True)
class SkillCount:
    """How many members offer a skill, want it, do either."""

    skill: str
    offers: int
    wants: int
    members: int


class PeopleFigures:
    """Figures of members, and of offerings."""

    async def newest(self, connection: AsyncConnection) -> datetime | None:
        """The time of the newest event that is counted; None before the first."""
        found = (await connection.execute(select(*(newest.label(None) for newest in _NEWEST)))).one()
        return max((moment for moment in found if moment is not None), default=None)

    async def active(self, connection: AsyncConnection, span: Span) -> dict[int, int]:
        """How many members did something in each bucket."""
        bucket = _activity.c[span.interval]
        query = select(bucket, func.count(_activity.c.user_id.distinct())).where(within(_activity, span))
        rows = await connection.execute(query.with_hint(*_BY_DAY).group_by(bucket))
        return {row[0]: row[1] for row in rows}

    async def joined(self, connection: AsyncConnection, span: Span) -> dict[int, Census]:
        """Who signed up in each bucket."""
        bucket = _members.c[span.interval]
        query = select(bucket, *census_of(_members.c.user_id)).where(within(_members, span)).group_by(bucket)
        rows = await connection.execute(query.with_hint(*_BY_SIGN_UP))
        return {row[0]: Census(*row[1:]) for row in rows}

    async def present(self, connection: AsyncConnection, span: Span) -> tuple[int, dict[int, int]]:
        """Of the members who are neither suspended nor erased: how many signed up before, and in each bucket."""
        first, end = span.days
        bucket = case((_members.c.day < first, span.first - 1), else_=_members.c[span.interval])
        query = (
            select(bucket.label("bucket"), func.count())
            .where(_members.c.day < end, _members.c.status == _USUAL)
            .group_by("bucket")
        )
        counts = {row[0]: row[1] for row in await connection.execute(query.with_hint(*_BY_SIGN_UP))}
        return counts.pop(span.first - 1, 0), counts

    async def returning(self, connection: AsyncConnection, span: Span) -> dict[int, int]:
        """How many of the present members who had signed up before each bucket did something in it."""
        bucket, since = _activity.c[span.interval], _members.c[span.interval]
        query = (
            select(bucket, func.count(_activity.c.user_id.distinct()))
            .join_from(_activity, _members, _members.c.user_id == _activity.c.user_id)
            .where(within(_activity, span), _members.c.status == _USUAL, since < bucket)
            .group_by(bucket)
        )
        return {row[0]: row[1] for row in await connection.execute(_in_order(query))}

    async def retained(self, connection: AsyncConnection, span: Span) -> dict[tuple[int, int], int]:
        """How many did something in each bucket, of those who signed up in each: by (sign-up, bucket)."""
        bucket, since = _activity.c[span.interval], _members.c[span.interval]
        query = (
            select(since, bucket, func.count(_activity.c.user_id.distinct()))
            .join_from(_activity, _members, _members.c.user_id == _activity.c.user_id)
            .where(within(_activity, span), within(_members, span), since <= bucket)
            .group_by(since, bucket)
        )
        return {(row[0], row[1]): row[2] for row in await connection.execute(_in_order(query))}

    async def wanted_and_offered(self, connection: AsyncConnection) -> list[SkillCount]:
        """The skills with active offerings."""
        it = _offerings.c

        def of_kind(kind: str) -> ColumnElement[Any]:
            return func.count(case((it.kind == kind, it.owner)).distinct())

        query = (
            select(it.skill, of_kind("offer"), of_kind("want"), func.count(it.owner.distinct()))
            .where(it.status == _USUAL)
            .group_by(it.skill)
            .with_hint(_offerings, "FORCE INDEX (offerings_status)", dialect_name="mysql")
        )
        return [SkillCount(*row) for row in await connection.execute(query)]


_BY_DAY = (_activity, "FORCE INDEX (PRIMARY)", "mysql")
_BY_SIGN_UP = (_members, "FORCE INDEX (members_joined)", "mysql")


def _in_order(query: Any) -> Any:
    """From the days of the range to their members, each found by its key."""
    return query.with_hint(*_BY_DAY).with_hint(_members, "FORCE INDEX (PRIMARY)", "mysql")
