"""The services, asked what they know of a person."""

from typing import Protocol

from pydantic import ValidationError

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.exports import ExportPage
from skillsync_kit.internal_client import InternalService

__all__ = ["ExportingService", "OtherService"]


class ExportingService(Protocol):
    """Hands out what it knows of a person, page by page."""

    async def page(self, user: str, cursor: str | None) -> ExportPage:
        """The page that begins at the cursor, the first one without. Raises DependencyUnavailable."""
        ...


class OtherService:
    """Another service, asked at its internal route."""

    def __init__(self, name: str, service: InternalService) -> None:
        self._name = name
        self._service = service

    async def page(self, user: str, cursor: str | None) -> ExportPage:
        """See ExportingService."""
        found = await self._service.get(f"/internal/exports/{user}", [("cursor", cursor)] if cursor else ())
        try:
            return ExportPage.model_validate(found)
        except ValidationError as invalid:
            # Not as the cause: it would quote the answer, and with it what is kept about the person.
            faults = invalid.error_count()
            raise DependencyUnavailable(f"The {self._name} service's page has {faults} faults.") from None
