"""What members want to be told of: switches, and the links in mails that turn one off (RFC 8058)."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.etags import Precondition
from skillsync_notifications.entities import Channel, Link, Preferences, Switches, Template, topic_of
from skillsync_notifications.errors import NoSuchLink
from skillsync_notifications.repository import PreferencesRepository

__all__ = ["MemberPreferences"]

# So long a link in a mail leads somewhere.
_LINKS_KEPT = timedelta(days=365)
_FORGOTTEN_AT_ONCE = 500


class MemberPreferences:
    """The use cases about switches. A link's token is known to its mail alone: here is only its digest."""

    def __init__(
        self,
        *,
        database: Database,
        repository: PreferencesRepository,
        clock: Clock,
        new_token: Callable[[], str],
        base_url: str,
    ) -> None:
        """`new_token` makes tokens that nobody can guess; `base_url` is where the edge is reached from outside."""
        self._database = database
        self._repository = repository
        self._clock = clock
        self._new_token = new_token
        self._base_url = base_url.rstrip("/")

    async def read(self, user: str) -> Preferences:
        """A member's preferences."""
        async with self._database.read() as connection:
            return await self._repository.of(connection, user)

    async def replace(self, by: Principal, switches: Switches, precondition: Precondition) -> Preferences:
        """Set all of the caller's switches anew. Raises RequiredMail."""

        async def work(unit: UnitOfWork) -> Preferences:
            found = await self._repository.of(unit.connection, by.id)
            precondition.require(found.version)
            if found.replace(switches):
                await self._repository.save(unit, found, self._clock.now())
            return found

        return await self._database.run(work)

    async def link(self, user: str, template: Template, locale: str) -> str | None:
        """A new link that turns off mails of the template's topic; None when they are required.

        Its page is in the language of the mail, which is of that locale.
        """
        topic = topic_of(template)
        if topic.is_required:
            return None
        token = self._new_token()

        async def work(unit: UnitOfWork) -> None:
            await self._repository.add_link(unit, _digest(token), Link(user, topic, locale), self._clock.now())

        await self._database.run(work)
        return f"{self._base_url}/v1/unsubscribe/{token}"

    async def read_link(self, token: str) -> Link:
        """Whom and what a link is for. Changes nothing. Raises NoSuchLink."""
        async with self._database.read() as connection:
            found = await self._repository.link(connection, _digest(token))
        if found is None:
            raise NoSuchLink()
        return found

    async def unsubscribe(self, token: str) -> Link:
        """Turn off what a link is for; twice is the same as once. Raises NoSuchLink."""

        async def work(unit: UnitOfWork) -> Link:
            link = await self._repository.link(unit.connection, _digest(token))
            if link is None:
                raise NoSuchLink()
            found = await self._repository.of(unit.connection, link.user)
            if found.switch_off(link.topic, Channel.MAIL):
                await self._repository.save(unit, found, self._clock.now())
            return link

        return await self._database.run(work)

    async def forget_old_links(self) -> int:
        """Forget at most five hundred links of mails that are a year old. How many were."""
        before = self._clock.now() - _LINKS_KEPT

        async def work(unit: UnitOfWork) -> int:
            return await self._repository.forget_links(unit, before=before, limit=_FORGOTTEN_AT_ONCE)

        return await self._database.run(work)


def _digest(token: str) -> str:
    # 32 random bytes cannot be guessed from a plain digest; nothing is gained by a slow or a salted one.
    return hashlib.sha256(token.encode()).hexdigest()
