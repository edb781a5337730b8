"""Who has a part in an erasure. Nothing here does I/O."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

__all__ = ["PARTS", "SERVICES", "Planned", "Progress"]

SERVICES = ("transactions", "notifications", "analytics")
"""Who is asked whether they have done their part."""

PARTS = ("users", "user-pool", *SERVICES)
"""Everybody who has one: this service, the account at the user pool, the other services."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An erasure that its person may still take back."""

    user_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an erasure is."""

    user_id: str
    erased_at: datetime
    acknowledged: Collection[str]

    @property
    def missing(self) -> tuple[str, ...]:
        """Who has not done their part yet."""
        return tuple(part for part in PARTS if part not in self.acknowledged)
