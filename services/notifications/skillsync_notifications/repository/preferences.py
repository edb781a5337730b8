"""Preferences, and the links in mails that change them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_notifications import tables
from skillsync_notifications.entities import Channel, Link, Preferences, Topic

__all__ = ["PreferencesRepository"]

_preferences = tables.preferences.c
_token = tables.unsubscribe_tokens.c


class PreferencesRepository:
    """Keeps members' switches, and whom and what a link is for."""

    async def of(self, connection: AsyncConnection, user: str) -> Preferences:
        """A member's preferences; as at first when they never touched them."""
        return (await self.of_each(connection, [user]))[user]

    async def of_each(self, connection: AsyncConnection, users: Sequence[str]) -> dict[str, Preferences]:
        """The preferences of each of these members."""
        query = select(tables.preferences).where(_preferences.user.in_(users))
        kept = {row.user: _entity(row) for row in await connection.execute(query)}
        return {user: kept.get(user) or Preferences(user) for user in users}

    async def save(self, unit: UnitOfWork, changed: Preferences, now: datetime) -> None:
        """Write preferences that were just changed, once. Raises ChangedMeanwhile."""
        values = {"version": changed.version, "switches": json.dumps(changed.switches), "updated_at": now}
        seen = changed.version - 1
        this = update(tables.preferences).where(_preferences.user == changed.user, _preferences.version == seen)
        if (await unit.connection.execute(this.values(values))).rowcount == 1:
            return
        if seen > 1:
            raise ChangedMeanwhile
        try:
            await unit.connection.execute(insert(tables.preferences), {"user": changed.user, **values})
        except IntegrityError:
            raise ChangedMeanwhile from None

    async def add_link(self, unit: UnitOfWork, digest: str, link: Link, now: datetime) -> None:
        """Remember a link by the digest of its token."""
        row = {"digest": digest, **asdict(link), "topic": link.topic.value, "created_at": now}
        await unit.connection.execute(insert(tables.unsubscribe_tokens), row)

    async def link(self, connection: AsyncConnection, digest: str) -> Link | None:
        """Whom and what a link is for."""
        query = select(_token.user, _token.topic, _token.locale).where(_token.digest == digest)
        row = (await connection.execute(query)).first()
        return Link(row.user, Topic(row.topic), row.locale or "en") if row else None

    async def forget_links(self, unit: UnitOfWork, *, before: datetime, limit: int) -> int:
        """Forget at most `limit` links made before a time. How many were."""
        query = select(_token.digest).where(_token.created_at < before).limit(limit)
        old = (await unit.connection.execute(query)).scalars().all()
        if old:
            await unit.connection.execute(delete(tables.unsubscribe_tokens).where(_token.digest.in_(old)))
        return len(old)


def _entity(row: Row[Any]) -> Preferences:
    kept = json.loads(row.switches)
    switches = {
        topic: {Channel(channel): on for channel, on in kept[topic].items()} for topic in Topic if topic in kept
    }
    return Preferences(row.user, row.version, switches)
