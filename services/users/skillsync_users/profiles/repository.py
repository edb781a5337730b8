"""All SQL of profiles."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_users import tables
from skillsync_users.profiles.entities import Directory, Profile, PublicProfile, UserStatus, email_key, searchable
from skillsync_users.profiles.errors import EmailTaken, ProfileExists

__all__ = ["ProfileRepository"]

_row, _offering = tables.users.c, tables.offerings.c
_public = (_row.id, _row.first_name, _row.last_name, _row.display_name, _row.about)
# Which index has the offerings that match side by side by their owner, by whether kind and skill are asked for.
_INDEX_OF_OWNERS = {
    (True, False): "offerings_owners_kind",
    (False, True): "offerings_owners_skill",
    (True, True): "offerings_owners_skill_kind",
}


class ProfileRepository:
    """Keeps profiles."""

    async def add(self, unit: UnitOfWork, profile: Profile) -> None:
        """Keep a new profile. Raises ProfileExists or EmailTaken: the unique keys decide, also between two at once."""
        columns = _columns(profile)
        try:
            await unit.connection.execute(insert(tables.users), columns)
        except IntegrityError:
            # A locking read: a plain one would look at this transaction's snapshot, older than the other's row.
            same_person = select(_row.id).where(_row.id == profile.id).with_for_update(read=True)
            signed_up = (await unit.connection.execute(same_person)).first() is not None
            # `from None`: the database's error holds the address.
            raise _exists() if signed_up else EmailTaken("Sign in to that account instead.") from None

    async def find(self, connection: AsyncConnection, id: str) -> Profile | None:
        """The profile of that id; None when there is none or it was erased."""
        query = select(tables.users).where(_row.id == id, _row.status != UserStatus.ERASED.value)
        row = (await connection.execute(query)).one_or_none()
        return _entity(row) if row else None

    async def active(self, connection: AsyncConnection, ids: Collection[str]) -> Sequence[PublicProfile]:
        """Those of `ids` that are active members."""
        query = select(*_public).where(_row.id.in_(ids), _row.status == UserStatus.ACTIVE.value)
        return [PublicProfile(*row) for row in await connection.execute(query)]

    async def directory(
        self,
        connection: AsyncConnection,
        wanted: Directory,
        *,
        now: datetime,
        before_id: str | None,
        limit: int,
    ) -> Sequence[PublicProfile]:
        """At most `limit` members of this status by id descending, those before `before_id`.

        With `skill`, `kind` or `modality`, only members with such an offering, active at `now`; with `q`, only those
        whose names and `about` hold each of its words.
        """
        query, id = (_owners(wanted, now), _offering.user_id) if wanted.is_of_offerings else (select(*_public), _row.id)
        query = query.where(_row.status == wanted.status.value).order_by(id.desc()).limit(limit)
        if before_id:
            query = query.where(id < before_id)
        for word in searchable(wanted.q or "").split():
            query = query.where(_row.search_text.contains(word, autoescape=True))
        return [PublicProfile(*row) for row in await connection.execute(query)]

    async def save(self, unit: UnitOfWork, profile: Profile) -> None:
        """Write a changed profile over the version before it. Raises ChangedMeanwhile when another commit was first."""
        before = update(tables.users).where(_row.id == profile.id, _row.version == profile.version - 1)
        if (await unit.connection.execute(before.values(_columns(profile)))).rowcount != 1:
            raise ChangedMeanwhile


def _owners(wanted: Directory, now: datetime) -> Select[Any]:
    """The members who have such an offering, each once, in the order of an index on offerings."""
    index = _INDEX_OF_OWNERS.get((bool(wanted.kind), bool(wanted.skill)), "offerings_owners")
    query = (
        select(*_public)
        # In the order they are written, and by this index: else all members are sorted to show twenty.
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
        .select_from(tables.offerings)
        .with_hint(tables.offerings, f"FORCE INDEX ({index})", dialect_name="mysql")
        .join(tables.users, _row.id == _offering.user_id)
        .where(_offering.status == "active", or_(_offering.expires_at.is_(None), _offering.expires_at > now))
        .group_by(_offering.user_id)
    )
    for column, value in ((_offering.skill, wanted.skill), (_offering.kind, wanted.kind)):
        query = query.where(column == value) if value else query
    return query.where(_offering.modality.in_((wanted.modality, "either"))) if wanted.modality else query


def _exists() -> ProfileExists:
    return ProfileExists("Read it at /v1/users/me.")


def _entity(row: Row[Any]) -> Profile:
    return Profile(
        id=row.id,
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        created_at=row.created_at,
        updated_at=row.updated_at,
        display_name=row.display_name,
        about=row.about,
        locale=row.locale,
        time_zone=row.time_zone,
        status=UserStatus(row.status),
        version=row.version,
        event_sequence=row.event_sequence,
        status_by=row.status_by,
        status_reason=row.status_reason or "",
        status_at=row.status_at,
        erasure_due_at=row.erasure_due_at,
    )


def _columns(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "email": profile.email,
        # Who is erased has none, so another account may have it.
        "email_key": email_key(profile.email) if profile.email else None,
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "display_name": profile.display_name,
        "about": profile.about,
        "locale": profile.locale,
        "time_zone": profile.time_zone,
        "status": profile.status.value,
        "search_text": profile.search_text,
        "version": profile.version,
        "event_sequence": profile.event_sequence,
        "status_by": profile.status_by,
        "status_reason": profile.status_reason or None,
        "status_at": profile.status_at,
        "erasure_due_at": profile.erasure_due_at,
        "created_at": profile.created_at,
        "updated_at": profile.updated_at,
    }
