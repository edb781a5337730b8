"""Weekly mails: the members' digest and the coordinators' brief, each on Monday morning where its reader lives."""

from collections.abc import Callable
from datetime import datetime, timedelta

from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import Failure
from skillsync_kit.telemetry import log
from skillsync_notifications.clients import Contacts, Coordinators
from skillsync_notifications.entities import Channel, Template, WeeklyMail, topic_of
from skillsync_notifications.repository import MailRepository, ScheduleRepository
from skillsync_notifications.service.preferences import MemberPreferences
from skillsync_notifications.service.reminders import planned_mail

__all__ = ["WeeklyMails"]

_AT_ONCE = 20
# So long one that is looked at belongs to who looks, and so long it waits when users does not answer.
_CLAIM = timedelta(minutes=5)
_LOOK_FOR_COORDINATORS = timedelta(hours=6)


class WeeklyMails:
    """The use cases of weekly schedules."""

    def __init__(
        self,
        *,
        database: Database,
        repository: ScheduleRepository,
        mails: MailRepository,
        preferences: MemberPreferences,
        contacts: Contacts,
        coordinators: Coordinators,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._mails = mails
        self._preferences = preferences
        self._contacts = contacts
        self._coordinators = coordinators
        self._clock = clock
        self._new_id = new_id
        self._look_at: datetime | None = None
        self._known: frozenset[str] | None = None

    async def begin(self, unit: UnitOfWork, member: str) -> None:
        """A member's weeks begin, or their time zone may have changed: look at them, in the caller's unit."""
        await self._repository.begin(unit, member, Template.WEEKLY_DIGEST, self._clock.now())

    async def turn(self) -> int:
        """Look at twenty schedules that are due, at the most. How many were."""
        await self._look_for_coordinators()
        now = self._clock.now()

        async def claim(unit: UnitOfWork) -> list[WeeklyMail]:
            skip_locked = self._database.supports_skip_locked
            return await self._repository.claim(
                unit, now=now, until=now + _CLAIM, limit=_AT_ONCE, skip_locked=skip_locked
            )

        due = await self._database.run(claim)
        for weekly in due:
            try:
                await self._look(weekly)
            except Failure as failure:
                # Its claim lapses, and it is looked at again.
                log.warning("weekly mail not looked at", template=weekly.template.value, reason=str(failure))
        return len(due)

    async def _look(self, weekly: WeeklyMail) -> None:
        now = self._clock.now()
        if not self._is_for(weekly):
            await self._end(weekly)
            return
        # Most who do not want it never will: nobody is asked, and no mail is begun.
        if weekly.is_planned and not await self._is_wanted(weekly):
            await self._database.run(lambda unit: self._repository.plan(unit, weekly, weekly.pass_over(now)))
            return
        contact = await self._contacts.contact(weekly.user)
        if contact is None:
            await self._end(weekly)
            return
        # Decided before the unit of work, which may begin again.
        is_due, again_at = weekly.look(now, contact.time_zone)

        async def work(unit: UnitOfWork) -> None:
            if is_due:
                mail = planned_mail(self._new_id(), weekly.key, weekly.user, weekly.template, weekly.user, now)
                await self._mails.add(unit, mail)
            await self._repository.plan(unit, weekly, again_at)

        await self._database.run(work)

    async def _end(self, weekly: WeeklyMail) -> None:
        await self._database.run(lambda unit: self._repository.end(unit, weekly.user, weekly.template))

    async def _is_wanted(self, weekly: WeeklyMail) -> bool:
        """Whether its recipient wants it now, be it in the inbox alone."""
        wanted = await self._preferences.read(weekly.user)
        return any(wanted.allow(topic_of(weekly.template), channel) for channel in Channel)

    def _is_for(self, weekly: WeeklyMail) -> bool:
        return weekly.template is not Template.COORDINATORS_BRIEF or self._known is None or weekly.user in self._known

    async def _look_for_coordinators(self) -> None:
        now = self._clock.now()
        if self._look_at is not None and now < self._look_at:
            return
        self._look_at = now + _CLAIM
        try:
            found = await self._coordinators.ids()
        except Failure as failure:
            log.warning("coordinators not known", reason=str(failure))
            return

        async def work(unit: UnitOfWork) -> None:
            for user in sorted(found):
                await self._repository.ensure(unit, user, Template.COORDINATORS_BRIEF, now)

        await self._database.run(work)
        self._known, self._look_at = found, now + _LOOK_FOR_COORDINATORS
