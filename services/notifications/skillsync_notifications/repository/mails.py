"""Mails: intents, claims, fates, and what their recipients see of them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, false, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_notifications import tables
from skillsync_notifications.entities import Mail, Status, Template

__all__ = ["MailRepository"]

_mail = tables.mails.c


class MailRepository:
    """Keeps mails."""

    async def add(self, unit: UnitOfWork, mail: Mail) -> bool:
        """Keep a new intent. False when there is one for the same event, recipient, template and channel already."""
        try:
            await unit.connection.execute(insert(tables.mails), _columns(mail))
        except IntegrityError:
            if await self._is_known(unit, mail):
                return False
            raise
        return True

    async def claim(
        self, unit: UnitOfWork, *, limit: int, now: datetime, until: datetime, skip_locked: bool
    ) -> list[Mail]:
        """Take at most `limit` pending mails, the oldest first, that nobody else has in hand until `until`."""
        due = (
            select(tables.mails)
            .where(_mail.status == Status.PENDING.value, or_(_mail.claimed_until.is_(None), _mail.claimed_until < now))
            .order_by(_mail.claimed_until, _mail.id)
            .limit(limit)
        )
        if skip_locked:
            due = due.with_for_update(skip_locked=True)
        mails = [_entity(row) for row in await unit.connection.execute(due)]
        if mails:
            taken = update(tables.mails).where(_mail.id.in_([mail.id for mail in mails]))
            await unit.connection.execute(taken.values(claimed_until=until, attempts=_mail.attempts + 1))
        for mail in mails:
            mail.attempts += 1
            mail.claimed_until = until
        return mails

    async def save(self, unit: UnitOfWork, mail: Mail) -> bool:
        """Write what became of a mail. False when somebody else's word came first, which then stands.

        That a mail was sent is true whoever says it first; anything else counts only while the claim still holds.
        """
        this = update(tables.mails).where(_mail.id == mail.id, _mail.status == Status.PENDING.value)
        if mail.status is not Status.SENT:
            this = this.where(_mail.attempts == mail.attempts)
        fate = _fate(mail) if mail.status is Status.PENDING else {**_fate(mail), "version": _mail.version + 1}
        return (await unit.connection.execute(this.values(fate))).rowcount == 1

    async def sent_as(self, connection: AsyncConnection, id: str) -> str | None:
        """The mail service's id under which a mail was recorded as sent."""
        found: str | None = await connection.scalar(select(_mail.ses_message_id).where(_mail.id == id))
        return found

    async def find(self, connection: AsyncConnection, id: str) -> Mail | None:
        """One mail."""
        row = (await connection.execute(select(tables.mails).where(_mail.id == id))).first()
        return _entity(row) if row else None

    async def find_sent(self, connection: AsyncConnection, ses_message_id: str) -> Mail | None:
        """The mail that the mail service knows under this id."""
        query = select(tables.mails).where(_mail.ses_message_id == ses_message_id).limit(1)
        row = (await connection.execute(query)).first()
        return _entity(row) if row else None

    async def caused_by(self, connection: AsyncConnection, event_ids: Sequence[str], *, limit: int) -> Sequence[Mail]:
        """At most `limit` mails that these events caused."""
        query = (
            select(tables.mails)
            .where(_mail.event_id.in_(event_ids))
            .order_by(_mail.event_id, _mail.recipient, _mail.template, _mail.channel)
            .limit(limit)
        )
        return [_entity(row) for row in await connection.execute(query)]

    async def replace(self, unit: UnitOfWork, mail: Mail, *, seen_version: int) -> None:
        """Write all that may change of a mail that was read at `seen_version`. Raises ChangedMeanwhile."""
        this = update(tables.mails).where(_mail.id == mail.id, _mail.version == seen_version)
        values = {**_fate(mail), "read_at": mail.read_at, "version": mail.version}
        if (await unit.connection.execute(this.values(values))).rowcount != 1:
            raise ChangedMeanwhile

    async def _is_known(self, unit: UnitOfWork, mail: Mail) -> bool:
        same = select(_mail.id).where(
            _mail.event_id == mail.event_id,
            _mail.recipient == mail.recipient,
            _mail.template == mail.template.value,
            _mail.channel == mail.channel,
        )
        # A locking read: a plain one would look at this transaction's snapshot, which may be older.
        return (await unit.connection.execute(same.with_for_update(read=True))).first() is not None

    async def drop_pending(self, unit: UnitOfWork, recipient: str, reason: str) -> None:
        """Let what is not sent yet to `recipient` never be."""
        waiting = update(tables.mails).where(_mail.recipient == recipient, _mail.status == Status.PENDING.value)
        await unit.connection.execute(
            waiting.values(status=Status.DROPPED.value, claimed_until=None, last_error=reason)
        )

    async def page(
        self, connection: AsyncConnection, recipient: str, *, only_unread: bool, before_id: str | None, limit: int
    ) -> Sequence[Mail]:
        """At most `limit` of what `recipient` was told, newest id first, those before `before_id`."""
        query = _shown(select(tables.mails), recipient).order_by(_mail.id.desc()).limit(limit)
        if only_unread:
            query = query.where(_mail.read_at.is_(None))
        if before_id:
            query = query.where(_mail.id < before_id)
        return [_entity(row) for row in await connection.execute(query)]

    async def outside_inbox(
        self, connection: AsyncConnection, recipient: str, *, before_id: str | None, limit: int
    ) -> Sequence[Mail]:
        """At most `limit` mails to `recipient` that the inbox does not show, newest id first, before `before_id`."""
        query = select(tables.mails).where(_mail.recipient == recipient, _mail.in_inbox == false())
        query = query.order_by(_mail.id.desc()).limit(limit)
        if before_id:
            query = query.where(_mail.id < before_id)
        return [_entity(row) for row in await connection.execute(query)]

    async def count_unread(self, connection: AsyncConnection, recipient: str, *, most: int) -> int:
        """How much `recipient` has not read; counted up to `most`."""
        unread = _shown(select(_mail.id), recipient).where(_mail.read_at.is_(None)).limit(most).subquery()
        return (await connection.execute(select(func.count()).select_from(unread))).scalar_one()

    async def read_all(self, unit: UnitOfWork, recipient: str, now: datetime) -> int:
        """Mark everything in `recipient`'s inbox as read. How much was unread."""
        unread = update(tables.mails).where(
            _mail.recipient == recipient, _mail.in_inbox == true(), _mail.read_at.is_(None)
        )
        return (await unit.connection.execute(unread.values(read_at=now, version=_mail.version + 1))).rowcount


def _shown(query: Select[Any], recipient: str) -> Select[Any]:
    return query.where(_mail.recipient == recipient, _mail.in_inbox == true())


def _entity(row: Row[Any]) -> Mail:
    columns = dict(row._mapping)
    return Mail(**{**columns, "template": Template(row.template), "status": Status(row.status)})


def _columns(mail: Mail) -> dict[str, Any]:
    return {**asdict(mail), "template": mail.template.value, "status": mail.status.value}


def _fate(mail: Mail) -> dict[str, Any]:
    return {
        "status": mail.status.value,
        "in_inbox": mail.in_inbox,
        "claimed_until": mail.claimed_until,
        "last_error": mail.last_error and mail.last_error[:200],
        "ses_message_id": mail.ses_message_id,
        "sent_at": mail.sent_at,
    }
