"""Reminders: planned as events tell of deadlines, turned into intents when they are due.

An intent's key stands in the place of an event's id, so each reminder becomes one mail, whatever is replayed. Whether
it is still true is looked at when it is sent, and not before.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_notifications.entities import Channel, Mail, Reminder, Template, WatchedOffering
from skillsync_notifications.repository import MailRepository, ReminderRepository

__all__ = ["Reminders", "planned_mail"]

_AT_ONCE = 50


class Reminders:
    """The use cases of plans and of what is due."""

    def __init__(
        self,
        *,
        database: Database,
        repository: ReminderRepository,
        mails: MailRepository,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._mails = mails
        self._clock = clock
        self._new_id = new_id

    async def plan(self, unit: UnitOfWork, reminders: Iterable[Reminder]) -> None:
        """Keep what an event makes worth reminding of, in its unit."""
        for reminder in reminders:
            await self._repository.plan(unit, reminder)

    async def watch(self, unit: UnitOfWork, offering: WatchedOffering) -> None:
        """Keep what an event tells of an offering, in its unit; the newest event counts."""
        await self._repository.watch(unit, offering)

    async def turn(self) -> int:
        """Make intents of what is due, of at most fifty reminders and fifty offerings. How many were due."""
        return await self._database.run(self._turn_reminders) + await self._database.run(self._turn_offerings)

    async def _turn_reminders(self, unit: UnitOfWork) -> int:
        now, skip_locked = self._clock.now(), self._database.supports_skip_locked
        due = await self._repository.take_due(unit, now=now, limit=_AT_ONCE, skip_locked=skip_locked)
        for reminder in due:
            mail = planned_mail(
                self._new_id(), reminder.key, reminder.recipient, reminder.template, reminder.subject, now
            )
            await self._mails.add(unit, mail)
        return len(due)

    async def _turn_offerings(self, unit: UnitOfWork) -> int:
        now, skip_locked = self._clock.now(), self._database.supports_skip_locked
        due = await self._repository.take_expiring(unit, now=now, limit=_AT_ONCE, skip_locked=skip_locked)
        for it in due:
            mail = planned_mail(self._new_id(), it.key, it.owner, Template.OFFERING_EXPIRES, it.id, now)
            await self._mails.add(unit, mail)
        return len(due)


def planned_mail(id: str, key: str, recipient: str, template: Template, subject: str, now: datetime) -> Mail:
    """The intent of what was planned. It shows in the inbox once it was found to be true."""
    return Mail(
        id=id,
        event_id=key,
        recipient=recipient,
        template=template,
        channel=Channel.MAIL,
        subject=subject,
        actor=None,
        created_at=now,
        in_inbox=False,
    )
