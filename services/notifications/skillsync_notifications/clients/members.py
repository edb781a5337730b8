"""How members are reached, and how their offerings stand: the users service knows it."""

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.internal_client import InternalService
from skillsync_notifications.entities import Contact, WatchedOffering

__all__ = ["Contacts", "Offerings", "UsersService"]


class Contacts(Protocol):
    """Knows how members are reached."""

    async def contact(self, user: str) -> Contact | None:
        """The member's contact; None when there is no such member any more. Raises DependencyUnavailable."""
        ...


class Offerings(Protocol):
    """Knows offerings."""

    async def offering(self, id: str) -> WatchedOffering | None:
        """The offering as it stands at this moment; None when it is gone. Raises DependencyUnavailable."""
        ...


class _Offering(BaseModel):
    """What this service reads of an offering; the rest is passed over."""

    model_config = ConfigDict(extra="ignore")

    id: str
    owner: str
    kind: str
    skill: str
    status: str
    version: int
    expires_at: datetime | None


class _Contact(BaseModel):
    """What this service reads of a contact; the rest is passed over."""

    model_config = ConfigDict(extra="ignore")

    email: str
    first_name: str = ""
    display_name: str | None = None
    locale: str = "en"
    time_zone: str = "UTC"


class UsersService:
    """Contacts and offerings, asked for at the users service. Never cached: either may have changed or gone since."""

    def __init__(self, service: InternalService) -> None:
        self._service = service

    async def contact(self, user: str) -> Contact | None:
        """See Contacts."""
        answer = await self._service.get(f"/internal/users/{user}/contact")
        if answer is None:
            return None
        try:
            found = _Contact.model_validate(answer)
        except ValidationError:
            # Not as the cause: it would quote the address.
            raise DependencyUnavailable("The users service's answer cannot be read.") from None
        return Contact(found.email, found.display_name or found.first_name, found.locale, found.time_zone)

    async def offering(self, id: str) -> WatchedOffering | None:
        """See Offerings."""
        answer = await self._service.get(f"/internal/offerings/{id}")
        if answer is None:
            return None
        try:
            found = _Offering.model_validate(answer)
        except ValidationError:
            raise DependencyUnavailable("The users service's answer cannot be read.") from None
        ends = found.expires_at if found.status == "active" else None
        return WatchedOffering(found.id, found.owner, found.kind, found.skill, found.version, ends)
