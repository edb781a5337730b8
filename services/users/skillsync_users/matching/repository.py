"""SQL of matches: two statements, however many members match."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_users import tables
from skillsync_users.matching.entities import Match

__all__ = ["MatchRepository"]

_mine, _theirs = tables.offerings.alias("mine"), tables.offerings.alias("theirs")
_user = tables.users.c


class MatchRepository:
    """Finds who could exchange with a member."""

    async def direct(self, connection: AsyncConnection, viewer: str, now: datetime, limit: int) -> Sequence[Match]:
        """At most `limit` active members: those with the most matching skills first, then who wrote of theirs last."""
        ranked = [row.user_id for row in await connection.execute(_ranking(viewer, now, limit))]
        if not ranked:
            return []
        names: dict[str, str] = {}
        skills: dict[tuple[str, str], list[str]] = {}
        for row in await connection.execute(_skills(viewer, now, ranked)):
            names[row.user_id] = row.display_name
            skills.setdefault((row.user_id, row.kind), []).append(row.skill)
        return [
            Match(id, names[id], *(tuple(sorted(skills[id, kind])) for kind in ("offer", "want")))
            for id in ranked
            # Whose last matching offering ended between the two statements is passed over.
            if (id, "offer") in skills and (id, "want") in skills
        ]


def _ranking(viewer: str, now: datetime, limit: int) -> Select[Any]:
    """Who matches both ways. Of their offerings those alone are read that are of the viewer's skills."""
    them = _theirs.c
    return (
        _pairs(select(them.user_id), viewer, now)
        .with_hint(_theirs, "FORCE INDEX (offerings_skill)", dialect_name="mysql")
        .group_by(them.user_id)
        .having(func.count(them.kind.distinct()) == 2)
        .order_by(func.count().desc(), func.max(them.updated_at).desc(), them.user_id.desc())
        .limit(limit)
    )


def _skills(viewer: str, now: datetime, users: Sequence[str]) -> Select[Any]:
    """The skills in which these users match."""
    them = _theirs.c
    columns = select(them.user_id, _user.display_name, them.kind, them.skill)
    return (
        _pairs(columns, viewer, now)
        .with_hint(_theirs, "FORCE INDEX (offerings_owners_skill_kind)", dialect_name="mysql")
        .where(them.user_id.in_(users))
    )


def _pairs(columns: Select[Any], viewer: str, now: datetime) -> Select[Any]:
    me, them = _mine.c, _theirs.c
    wanted = case((me.kind == "offer", "want"), else_="offer")
    may_meet = or_(me.modality == them.modality, me.modality == "either", them.modality == "either")
    pair = and_(them.skill == me.skill, them.kind == wanted, _lives(_theirs, now), may_meet)
    return (
        columns.prefix_with("STRAIGHT_JOIN", dialect="mysql")
        .select_from(_mine)
        .with_hint(_mine, "FORCE INDEX (offerings_user)", dialect_name="mysql")
        .join(_theirs, pair)
        .join(tables.users, _user.id == them.user_id)
        .where(me.user_id == viewer, _lives(_mine, now), them.user_id != viewer, _user.status == "active")
    )


def _lives(offering: FromClause, now: datetime) -> ColumnElement[bool]:
    it = offering.c
    return and_(it.status == "active", or_(it.expires_at.is_(None), it.expires_at > now))
