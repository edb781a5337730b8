"""SQL of matches: two statements, or three for rings, however many members match."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_users import tables
from skillsync_users.matching.entities import Counterpart, Line, Match, meeting

__all__ = ["MatchRepository"]

# What is looked at for rings: the seeker's newest offerings, the newest that answer each, and so many of all candidates
# together, which is enough unless they have dozens each.
_MOST_OF_MINE = 20
_MOST_ANSWERS = 50
_MOST_LINES = 4000

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

    async def own(self, connection: AsyncConnection, viewer: str, now: datetime) -> Sequence[Line]:
        """The viewer's newest active offerings."""
        me = _mine.c
        query = (
            select(me.user_id, me.kind, me.skill, me.modality)
            .with_hint(_mine, "FORCE INDEX (offerings_user)", dialect_name="mysql")
            .where(me.user_id == viewer, _lives(_mine, now))
            .order_by(me.id.desc())
            .limit(_MOST_OF_MINE)
        )
        return [Line(*row) for row in await connection.execute(query)]

    async def counterparts(
        self, connection: AsyncConnection, own: Sequence[Line], now: datetime
    ) -> Sequence[Counterpart]:
        """For each of these offerings the newest of other active members that answer it."""
        if not own:
            return []
        query = union_all(*(select(_answers(line, now).subquery()) for line in own))
        return [
            Counterpart(Line(row.user_id, row.kind, row.skill, row.modality), row.display_name, row.updated_at)
            for row in await connection.execute(query)
        ]

    async def lines(self, connection: AsyncConnection, users: set[str], now: datetime) -> Sequence[Line]:
        """What these members offer and want."""
        if not users:
            return []
        them = _theirs.c
        query = (
            select(them.user_id, them.kind, them.skill, them.modality)
            .with_hint(_theirs, "FORCE INDEX (offerings_owners)", dialect_name="mysql")
            .where(them.user_id.in_(sorted(users)), _lives(_theirs, now))
            .limit(_MOST_LINES)
        )
        return [Line(*row) for row in await connection.execute(query)]


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


def _answers(line: Line, now: datetime) -> Select[Any]:
    """The newest that answer one offering, read from the end of the index and no further than asked for."""
    them = _theirs.c
    return (
        select(them.user_id, them.kind, them.skill, them.modality, them.updated_at, _user.display_name)
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
        .select_from(_theirs)
        .with_hint(_theirs, "FORCE INDEX (offerings_skill)", dialect_name="mysql")
        .join(tables.users, _user.id == them.user_id)
        .where(
            them.skill == line.skill,
            them.kind == ("want" if line.kind == "offer" else "offer"),
            them.modality.in_(meeting(line.modality)),
            _lives(_theirs, now),
            them.user_id != line.user,
            _user.status == "active",
        )
        .order_by(them.id.desc())
        .limit(_MOST_ANSWERS)
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
