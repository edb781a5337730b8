"""What this service knows of a person, for the export they asked for."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.exports import After, Part, Rows
from skillsync_notifications.entities import Mail
from skillsync_notifications.repository import MailRepository, PreferencesRepository, SuppressionRepository

__all__ = ["OwnData"]


class OwnData:
    """Reads it, part by part."""

    def __init__(self, *, mails: MailRepository, preferences: PreferencesRepository) -> None:
        self._mails = mails
        self._preferences = preferences
        self._suppressions = SuppressionRepository()

    @property
    def parts(self) -> tuple[Part, ...]:
        """All there is."""
        return (
            Part("inbox", "What stands in your inbox, and what became of the mail to each.", self._of_inbox),
            Part("mails", "Mails to you that your inbox does not show, and what became of them.", self._of_mails),
            Part("preferences", "What you want to be told of, and by which channel.", self._of_preferences),
            Part("suppressions", "Why and since when an address of yours takes no mail.", self._of_suppressions),
        )

    async def _of_inbox(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        found = await self._mails.page(connection, user, only_unread=False, before_id=after.id or None, limit=limit + 1)
        return Rows.of(found, limit, _told, lambda mail: After(mail.id))

    async def _of_mails(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        found = await self._mails.outside_inbox(connection, user, before_id=after.id or None, limit=limit + 1)
        return Rows.of(found, limit, _mail, lambda mail: After(mail.id))

    async def _of_preferences(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        switches = (await self._preferences.of(connection, user)).whole()
        return Rows([{"topic": topic, **{it.value: on for it, on in by.items()}} for topic, by in switches.items()])

    async def _of_suppressions(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        found = await self._suppressions.all_of(connection, user, limit=limit)
        return Rows([{"reason": reason, "since": since} for reason, since in found])


def _mail(it: Mail) -> dict[str, Any]:
    return {
        "id": it.id,
        "template": it.template,
        "subject": it.subject,
        "status": it.status,
        "created_at": it.created_at,
        "sent_at": it.sent_at,
    }


def _told(it: Mail) -> dict[str, Any]:
    return {**_mail(it), "read_at": it.read_at}
