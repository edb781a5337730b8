"""How members are reached: the users service knows their verified addresses."""

from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.internal_client import InternalService
from skillsync_notifications.entities import Contact

__all__ = ["Contacts", "UsersService"]


class Contacts(Protocol):
    """Knows how members are reached."""

    async def contact(self, user: str) -> Contact | None:
        """The member's contact; None when there is no such member any more. Raises DependencyUnavailable."""
        ...


class _Contact(BaseModel):
    """What this service reads of a contact; the rest is passed over."""

    model_config = ConfigDict(extra="ignore")

    email: str
    first_name: str = ""
    display_name: str | None = None
    locale: str = "en"
    time_zone: str = "UTC"


class UsersService:
    """Contacts, asked for at the users service. Never cached: an address may have changed or gone since."""

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
