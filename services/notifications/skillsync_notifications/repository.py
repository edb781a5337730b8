"""All SQL of the service."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import UnitOfWork
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
        return (await unit.connection.execute(this.values(_fate(mail)))).rowcount == 1

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
        self, connection: AsyncConnection, recipient: str, *, before_id: str | None, limit: int
    ) -> Sequence[Mail]:
        """At most `limit` mails to `recipient`, newest id first, those before `before_id`."""
        query = select(tables.mails).where(_mail.recipient == recipient).order_by(_mail.id.desc()).limit(limit)
        if before_id:
            query = query.where(_mail.id < before_id)
        return [_entity(row) for row in await connection.execute(query)]


def _entity(row: Row[Any]) -> Mail:
    columns = dict(row._mapping)
    return Mail(**{**columns, "template": Template(row.template), "status": Status(row.status)})


def _columns(mail: Mail) -> dict[str, Any]:
    return {**asdict(mail), "template": mail.template.value, "status": mail.status.value}


def _fate(mail: Mail) -> dict[str, Any]:
    return {
        "status": mail.status.value,
        "claimed_until": mail.claimed_until,
        "last_error": mail.last_error and mail.last_error[:200],
        "ses_message_id": mail.ses_message_id,
        "sent_at": mail.sent_at,
    }
