"""What people are to be told, and the inbox in which they see it. Nothing is sent here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.erasures import Erasures
from skillsync_kit.etags import Precondition
from skillsync_kit.events import Event
from skillsync_kit.idempotency import Once, Reply
from skillsync_kit.pagination import Page
from skillsync_kit.telemetry import log
from skillsync_notifications.entities import Channel, Mail, Template, topic_of
from skillsync_notifications.errors import NotificationNotFound
from skillsync_notifications.repository import FarewellRepository, MailRepository, PreferencesRepository

__all__ = ["InboxPage", "Notifications"]

_MOST_COUNTED = 1000
# More than the events of one trail have: eight take part, and an event tells each of one thing.
_MOST_CAUSED = 1000


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page, and how much is unread in all, counted up to a thousand."""

    page: Page[Mail]
    unread: int


class Notifications:
    """The use cases of the consumer and of the inbox."""

    def __init__(
        self,
        *,
        database: Database,
        repository: MailRepository,
        preferences: PreferencesRepository,
        erasures: Erasures,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._preferences = preferences
        self._erasures = erasures
        self._farewell = FarewellRepository()
        self._clock = clock
        self._new_id = new_id

    async def intend(self, unit: UnitOfWork, event: Event, template: Template, recipients: Iterable[str]) -> None:
        """Keep the intent to tell each recipient of the event; one that is there already stays as it is."""
        wanted = list(recipients)
        # An event may come after its recipient was erased.
        erased = await self._erasures.among(unit.connection, wanted)
        told = [user for user in wanted if user not in erased]
        in_inbox = await self._whose_inbox(unit, template, told)
        for recipient in told:
            mail = Mail(
                id=self._new_id(),
                event_id=event.id,
                recipient=recipient,
                template=template,
                channel=Channel.MAIL,
                subject=event.subject,
                actor=event.actor,
                created_at=self._clock.now(),
                correlation_id=event.correlation_id,
                traceparent=event.traceparent,
                in_inbox=recipient in in_inbox,
            )
            if not await self._repository.add(unit, mail):
                log.info("mail intended already", event_id=event.id, template=template.value)

    async def erase(self, unit: UnitOfWork, user: str) -> None:
        """Keep nothing of a person but the fate of what they were sent: ids, states and times."""
        if await self._erasures.record(unit, user):
            await self._farewell.forget(unit, user)
            await self._repository.drop_pending(unit, user, "the recipient was erased")

    async def page(self, by: Principal, *, only_unread: bool, after: tuple[str, ...] | None, limit: int) -> InboxPage:
        """A page of the caller's inbox, the newest first."""
        before_id = after[0] if after else None
        async with self._database.read() as connection:
            found = await self._repository.page(
                connection, by.id, only_unread=only_unread, before_id=before_id, limit=limit + 1
            )
            unread = await self._repository.count_unread(connection, by.id, most=_MOST_COUNTED)
        return InboxPage(Page.of(found, limit, lambda mail: (mail.id,)), unread)

    async def mark(self, by: Principal, id: str, *, read: bool, precondition: Precondition) -> Mail:
        """Mark one notification as read or unread. Raises NotificationNotFound, also for somebody else's."""

        async def work(unit: UnitOfWork) -> Mail:
            mail = await self._own(unit.connection, by, id)
            precondition.require(mail.version)
            seen_version = mail.version
            if mail.mark(read=read, now=self._clock.now()):
                await self._repository.replace(unit, mail, seen_version=seen_version)
            return mail

        return await self._database.run(work)

    async def read_all(self, by: Principal, once: Once[int]) -> Reply:
        """Mark all of the caller's inbox as read."""

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            if claim.is_repeated:
                return claim.replay()
            return await once.answer(unit, await self._repository.read_all(unit, by.id, self._clock.now()))

        return await self._database.run(work)

    async def caused_by(self, event_ids: Sequence[str]) -> Sequence[Mail]:
        """The mails that these events caused, at most 1,000."""
        async with self._database.read() as connection:
            return await self._repository.caused_by(connection, event_ids, limit=_MOST_CAUSED)

    async def require_own(self, by: Principal, id: str) -> None:
        """Raises NotificationNotFound when the caller may not know of it."""
        async with self._database.read() as connection:
            await self._own(connection, by, id)

    async def _own(self, connection: AsyncConnection, by: Principal, id: str) -> Mail:
        mail = await self._repository.find(connection, id)
        if mail is None or mail.recipient != by.id or not mail.in_inbox:
            raise NotificationNotFound()
        return mail

    async def _whose_inbox(self, unit: UnitOfWork, template: Template, recipients: list[str]) -> frozenset[str]:
        """Those of the recipients who see it in their inbox."""
        if template.is_reminder:
            # It shows once it was found to be still true.
            return frozenset()
        topic = topic_of(template)
        wanted = await self._preferences.of_each(unit.connection, recipients)
        return frozenset(user for user in recipients if wanted[user].allow(topic, Channel.INBOX))
