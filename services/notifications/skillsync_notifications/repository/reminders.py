"""What people will be reminded of, and the offerings that will expire."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_notifications import tables
from skillsync_notifications.entities import Reminder, Template, WatchedOffering

__all__ = ["ReminderRepository"]

_reminder = tables.reminders.c
_offering = tables.offerings.c


class ReminderRepository:
    """Keeps reminders until they are due."""

    async def plan(self, unit: UnitOfWork, reminder: Reminder) -> None:
        """Keep a reminder; one that is there already stays as it is."""
        try:
            await unit.connection.execute(
                insert(tables.reminders), {**asdict(reminder), "template": reminder.template.value}
            )
        except IntegrityError:
            return

    async def take_due(self, unit: UnitOfWork, *, now: datetime, limit: int, skip_locked: bool) -> list[Reminder]:
        """Take at most `limit` reminders that are due, the oldest first, out of the table."""
        due = select(tables.reminders).where(_reminder.due_at <= now).order_by(_reminder.due_at).limit(limit)
        if skip_locked:
            due = due.with_for_update(skip_locked=True)
        rows = (await unit.connection.execute(due)).all()
        for row in rows:
            same = and_(
                _reminder.key == row.key, _reminder.recipient == row.recipient, _reminder.template == row.template
            )
            await unit.connection.execute(delete(tables.reminders).where(same))
        return [Reminder(row.key, row.recipient, Template(row.template), row.subject, row.due_at) for row in rows]

    async def waiting(self, connection: AsyncConnection, recipient: str, *, limit: int) -> list[Reminder]:
        """At most `limit` reminders that are still to come for somebody, the next one first."""
        query = select(tables.reminders).where(_reminder.recipient == recipient).order_by(_reminder.due_at).limit(limit)
        return [
            Reminder(row.key, row.recipient, Template(row.template), row.subject, row.due_at)
            for row in await connection.execute(query)
        ]

    async def offering(self, connection: AsyncConnection, id: str) -> WatchedOffering | None:
        """An offering as it is known here."""
        row = (await connection.execute(select(tables.offerings).where(_offering.id == id))).first()
        return WatchedOffering(**row._mapping) if row else None

    async def watch(self, unit: UnitOfWork, told: WatchedOffering) -> None:
        """Keep what an event told of an offering, unless a newer one was first. Raises ChangedMeanwhile."""
        known = await self.offering(unit.connection, told.id)
        if known is None:
            try:
                await unit.connection.execute(insert(tables.offerings), asdict(told))
            except IntegrityError:
                raise ChangedMeanwhile from None
            return
        newest = update(tables.offerings).where(_offering.id == told.id, _offering.sequence < told.sequence)
        await unit.connection.execute(newest.values(asdict(told)))

    async def take_expiring(
        self, unit: UnitOfWork, *, now: datetime, limit: int, skip_locked: bool
    ) -> list[WatchedOffering]:
        """At most `limit` offerings whose owners are to be reminded now; each once."""
        due = select(tables.offerings).where(_offering.remind_at <= now).order_by(_offering.remind_at).limit(limit)
        if skip_locked:
            due = due.with_for_update(skip_locked=True)
        found = [WatchedOffering(**row._mapping) for row in await unit.connection.execute(due)]
        if found:
            taken = update(tables.offerings).where(_offering.id.in_([offering.id for offering in found]))
            await unit.connection.execute(taken.values(remind_at=None))
        return found
