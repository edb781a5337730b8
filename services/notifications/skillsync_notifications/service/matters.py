"""What a mail tells of, as it is true when the mail is written; and whether it is still worth telling."""

import asyncio
from datetime import timedelta

from skillsync_kit.clock import Clock
from skillsync_kit.database import Database
from skillsync_notifications.clients import Exchanges, Figures, Offerings
from skillsync_notifications.entities import (
    Digest,
    Exchange,
    ExpiringOffering,
    Limit,
    ListedExchange,
    Mail,
    Matter,
    Reminder,
    ReminderKey,
    Template,
    is_still_true,
)
from skillsync_notifications.errors import NothingToSend
from skillsync_notifications.repository import ReminderRepository

__all__ = ["Matters"]

_WEEK = timedelta(days=7)
# Before Monday in UTC a brief is written so early at the most: at eight where it is fourteen hours later.
_EARLIEST = timedelta(hours=6)
# What a digest lists at the most; each is asked for.
_LISTED = 10


class Matters:
    """Finds what mails tell of. A reminder of what has moved meanwhile tells nobody."""

    def __init__(
        self,
        *,
        database: Database,
        repository: ReminderRepository,
        exchanges: Exchanges,
        figures: Figures,
        offerings: Offerings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._repository = repository
        self._exchanges = exchanges
        self._figures = figures
        self._offerings = offerings
        self._clock = clock

    async def of(self, mail: Mail) -> Matter | None:
        """What the mail tells of; None when it tells of nothing but its event. Raises NothingToSend."""
        match mail.template:
            case Template.WELCOME:
                return None
            case Template.SOFT_LIMIT:
                hours = await self._exchanges.hours(mail.recipient, self._clock.now())
                return Limit(hours.available, hours.floor)
            case Template.OFFERING_EXPIRES:
                return await self._offering(mail)
            case Template.WEEKLY_DIGEST:
                return await self._digest(mail)
            case Template.COORDINATORS_BRIEF:
                # In the east it is Monday morning while UTC still has its Sunday: that week counts as over.
                today = (self._clock.now() + _EARLIEST).date()
                return await self._figures.brief(today - timedelta(days=today.weekday()) - _WEEK)
            case _:
                return await self._exchange(mail)

    async def _exchange(self, mail: Mail) -> Exchange:
        exchange = await self._exchanges.exchange(mail.subject, mail.recipient)
        if exchange is None:
            raise NothingToSend("the transaction is gone")
        if mail.template.is_reminder:
            key = ReminderKey.read(mail.event_id)
            if not is_still_true(mail.template, key, exchange, mail.recipient):
                raise NothingToSend("the transaction has moved")
        return exchange

    async def _offering(self, mail: Mail) -> ExpiringOffering:
        found = await self._offerings.offering(mail.subject)
        if found is None or found.expires_at is None or not found.expires_as_told(mail.event_id, self._clock.now()):
            raise NothingToSend("the offering has moved")
        return ExpiringOffering(found.id, found.kind, found.skill, found.expires_at)

    async def _digest(self, mail: Mail) -> Digest:
        """A member's week: the hours that moved, and what waits: of what they will be reminded of, and is still so."""
        now = self._clock.now()
        async with self._database.read() as connection:
            planned = await self._repository.waiting(connection, mail.recipient, limit=_LISTED)
        # One of a confirmation's two reminders is enough.
        once = {(reminder.template, reminder.subject): reminder for reminder in reversed(planned)}
        hours, found = await asyncio.gather(
            self._exchanges.hours(mail.recipient, now - _WEEK),
            asyncio.gather(*(self._listed(reminder) for reminder in once.values())),
        )
        by_template: dict[Template, list[ListedExchange]] = {}
        for template, listed in filter(None, found):
            by_template.setdefault(template, []).append(listed)
        if not (by_template or hours.minutes_given or hours.minutes_received):
            raise NothingToSend("nothing waits")
        answers, confirmations, coming = (
            tuple(sorted(by_template.get(template, ()), key=lambda listed: (listed.at or now, listed.id)))
            for template in (Template.PROPOSAL_REMINDER, Template.CONFIRM_REMINDER, Template.EXPIRY_REMINDER)
        )
        return Digest(
            now - _WEEK,
            now,
            answers,
            confirmations,
            coming,
            minutes_given=hours.minutes_given,
            minutes_received=hours.minutes_received,
            balance_minutes=hours.balance,
        )

    async def _listed(self, reminder: Reminder) -> tuple[Template, ListedExchange] | None:
        exchange = await self._exchanges.exchange(reminder.subject, reminder.recipient)
        key = ReminderKey.read(reminder.key)
        if exchange is None or not is_still_true(reminder.template, key, exchange, reminder.recipient):
            return None
        at = {
            Template.PROPOSAL_REMINDER: exchange.expires_at,
            Template.CONFIRM_REMINDER: exchange.finalizes_at,
            Template.EXPIRY_REMINDER: exchange.scheduled_for,
        }[reminder.template]
        if reminder.template is Template.EXPIRY_REMINDER and (at is None or at < self._clock.now()):
            # Agreed, and with no day to come: there is nothing to look forward to.
            return None
        partners = tuple(name for id, name in sorted(exchange.names.items()) if id != reminder.recipient)
        return reminder.template, ListedExchange(exchange.id, exchange.title, partners, at)
