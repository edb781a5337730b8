"""All SQL of offerings. Who may see one is decided here, once: in `_visible_to`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_users import tables
from skillsync_users.offerings.entities import Filters, Kind, Modality, Offering, OfferingStatus
from skillsync_users.offerings.errors import OfferingExists
from skillsync_users.profiles.entities import UserStatus, searchable

__all__ = ["OfferingRepository"]

_row, _user = tables.offerings.c, tables.users.c
_with_owner = (
    select(tables.offerings, _user.display_name)
    # In the order they are written: the optimiser would begin with the owners where there are few.
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .select_from(tables.offerings)
    .join(tables.users, _user.id == _row.user_id)
)
# Which index has the rows of a list side by side, by whether it is narrowed by kind and by skill.
_INDEX_OF_LIST = {
    (False, False): "offerings_status",
    (True, False): "offerings_status_kind",
    (False, True): "offerings_status_skill",
    (True, True): "offerings_skill",
}


class OfferingRepository:
    """Keeps offerings."""

    async def add(self, unit: UnitOfWork, offering: Offering, search_text: str) -> None:
        """Keep a new offering. Raises OfferingExists: the unique key decides, also between two at once."""
        try:
            await unit.connection.execute(insert(tables.offerings), _columns(offering, search_text))
        except IntegrityError:
            raise _exists() from None

    async def find(self, connection: AsyncConnection, id: str, viewer: str, now: datetime) -> Offering | None:
        """The offering; None when there is none or `viewer` may not see it."""
        row = (await connection.execute(_with_owner.where(_row.id == id, _visible_to(viewer, now)))).one_or_none()
        return _entity(row) if row else None

    async def find_any(self, connection: AsyncConnection, id: str) -> Offering | None:
        """The offering, whoever may see it; None when there is none."""
        row = (await connection.execute(_with_owner.where(_row.id == id))).one_or_none()
        return _entity(row) if row else None

    async def active(self, connection: AsyncConnection, active_key: str) -> Offering | None:
        """The offering that is kept as active under this key."""
        row = (await connection.execute(_with_owner.where(_row.active_key == active_key))).one_or_none()
        return _entity(row) if row else None

    async def count(self, connection: AsyncConnection, owner: str) -> int:
        """How many offerings `owner` has, whatever their status."""
        return (await connection.execute(select(func.count()).where(_row.user_id == owner))).scalar_one()

    async def of_owner(self, connection: AsyncConnection, owner: str, *, limit: int) -> Sequence[Offering]:
        """At most `limit` offerings of `owner`, whatever their status."""
        query = _with_owner.where(_row.user_id == owner).order_by(_row.id).limit(limit)
        return [_entity(row) for row in await connection.execute(query)]

    async def page(
        self,
        connection: AsyncConnection,
        viewer: str,
        filters: Filters,
        *,
        now: datetime,
        before_id: str | None,
        limit: int,
    ) -> Sequence[Offering]:
        """At most `limit` offerings, newest id first, those before `before_id`.

        The viewer's own when asked for by `owner`, whatever their status; else active ones of active members.
        """
        is_own = filters.owner == viewer
        query = (
            _with_owner.order_by(_row.id.desc())
            .limit(limit)
            .with_hint(tables.offerings, f"FORCE INDEX ({_index(filters)})", dialect_name="mysql")
        )
        query = query.where(_row.user_id == viewer if is_own else _is_public(now))
        for column, value in ((_row.user_id, filters.owner), (_row.kind, filters.kind), (_row.skill, filters.skill)):
            query = query.where(column == value) if value else query
        if filters.modality:
            query = query.where(_row.modality.in_((filters.modality, Modality.EITHER.value)))
        if before_id:
            query = query.where(_row.id < before_id)
        for word in searchable(filters.q or "").split():
            query = query.where(_row.search_text.contains(word, autoescape=True))
        return [_entity(row) for row in await connection.execute(query)]

    async def due(
        self, connection: AsyncConnection, now: datetime, *, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[tuple[datetime, str]]:
        """When and which: at most `limit` offerings that are active past their time, after the key `after`."""
        query = select(_row.expires_at, _row.id).order_by(_row.expires_at, _row.id).limit(limit)
        query = query.where(_row.status == OfferingStatus.ACTIVE.value, _row.expires_at <= now)
        if after is not None:
            moment, id = after
            query = query.where(or_(_row.expires_at > moment, and_(_row.expires_at == moment, _row.id > id)))
        return [(row.expires_at, row.id) for row in await connection.execute(query)]

    async def save(self, unit: UnitOfWork, offering: Offering, search_text: str) -> None:
        """Write a changed offering over the version before it.

        Raises ChangedMeanwhile when another commit was first, and OfferingExists when another one is active meanwhile.
        """
        before = update(tables.offerings).where(_row.id == offering.id, _row.version == offering.version - 1)
        try:
            matched = (await unit.connection.execute(before.values(_columns(offering, search_text)))).rowcount
        except IntegrityError:
            raise _exists() from None
        if matched != 1:
            raise ChangedMeanwhile

    async def remove(self, unit: UnitOfWork, offering: Offering) -> None:
        """Take an offering away. Raises ChangedMeanwhile when another commit was first."""
        gone = delete(tables.offerings).where(_row.id == offering.id, _row.version == offering.version)
        if (await unit.connection.execute(gone)).rowcount != 1:
            raise ChangedMeanwhile


def _index(filters: Filters) -> str:
    return "offerings_user" if filters.owner else _INDEX_OF_LIST[bool(filters.kind), bool(filters.skill)]


def _is_public(now: datetime) -> ColumnElement[bool]:
    lives = or_(_row.expires_at.is_(None), _row.expires_at > now)
    return and_(_row.status == OfferingStatus.ACTIVE.value, lives, _user.status == UserStatus.ACTIVE.value)


def _visible_to(viewer: str, now: datetime) -> ColumnElement[bool]:
    return or_(_is_public(now), _row.user_id == viewer)


def _exists() -> OfferingExists:
    return OfferingExists("Change, pause or delete that one first.")


def _entity(row: Row[Any]) -> Offering:
    return Offering(
        id=row.id,
        user=row.user_id,
        owner_name=row.display_name,
        kind=Kind(row.kind),
        skill=row.skill,
        text=row.text,
        modality=Modality(row.modality),
        created_at=row.created_at,
        updated_at=row.updated_at,
        expires_at=row.expires_at,
        status=OfferingStatus(row.status),
        version=row.version,
        event_sequence=row.event_sequence,
    )


def _columns(offering: Offering, search_text: str) -> dict[str, Any]:
    return {
        "id": offering.id,
        "user_id": offering.user,
        "kind": offering.kind.value,
        "skill": offering.skill,
        "text": offering.text,
        "modality": offering.modality.value,
        "status": offering.status.value,
        "active_key": offering.active_key,
        "search_text": search_text,
        "version": offering.version,
        "event_sequence": offering.event_sequence,
        "created_at": offering.created_at,
        "updated_at": offering.updated_at,
        "expires_at": offering.expires_at,
    }
