"""The other services, asked whether they have erased a person."""

from collections.abc import Mapping
from typing import Protocol

from skillsync_kit.internal_client import InternalService

__all__ = ["ErasingServices", "InternalServices"]


class ErasingServices(Protocol):
    """Knows how far the other services are."""

    async def has_erased(self, service: str, user: str) -> bool:
        """Whether `service` has nothing left of the person. Raises DependencyUnavailable."""
        ...


class InternalServices:
    """The services by name, asked at their internal routes."""

    def __init__(self, services: Mapping[str, InternalService]) -> None:
        self._services = services

    async def has_erased(self, service: str, user: str) -> bool:
        """See ErasingServices."""
        return await self._services[service].get(f"/internal/erasures/{user}") is not None
