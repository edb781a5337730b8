"""Intents: what events ask for, and what people see of it. Nothing is sent here."""

from collections.abc import Callable, Iterable

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.erasures import Erasures
from skillsync_kit.events import Event
from skillsync_kit.pagination import Page
from skillsync_kit.telemetry import log
from skillsync_notifications.entities import Mail, Template
from skillsync_notifications.repository import MailRepository

__all__ = ["Notifications"]

_CHANNEL = "email"


class Notifications:
    """The use cases of the consumer and of the inbox."""

    def __init__(
        self,
        *,
        database: Database,
        repository: MailRepository,
        erasures: Erasures,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._erasures = erasures
        self._clock = clock
        self._new_id = new_id

    async def intend(self, unit: UnitOfWork, event: Event, template: Template, recipients: Iterable[str]) -> None:
        """Keep the intent to tell each recipient of the event; one that is there already stays as it is."""
        wanted = list(recipients)
        # An event may come after its recipient was erased.
        erased = await self._erasures.among(unit.connection, wanted)
        for recipient in (user for user in wanted if user not in erased):
            mail = Mail(
                id=self._new_id(),
                event_id=event.id,
                recipient=recipient,
                template=template,
                channel=_CHANNEL,
                subject=event.subject,
                actor=event.actor,
                created_at=self._clock.now(),
                correlation_id=event.correlation_id,
                traceparent=event.traceparent,
            )
            if not await self._repository.add(unit, mail):
                log.info("mail intended already", event_id=event.id, template=template.value)

    async def erase(self, unit: UnitOfWork, user: str) -> None:
        """Keep nothing of a person but the fate of what they were sent: ids, states and times.

        Here goes whatever another table holds of them, in the same unit.
        """
        if await self._erasures.record(unit, user):
            await self._repository.drop_pending(unit, user, "the recipient was erased")

    async def page(self, by: Principal, *, after: tuple[str, ...] | None, limit: int) -> Page[Mail]:
        """A page of the caller's inbox, the newest first."""
        before_id = after[0] if after else None
        async with self._database.read() as connection:
            found = await self._repository.page(connection, by.id, before_id=before_id, limit=limit + 1)
        return Page.of(found, limit, lambda mail: (mail.id,))
