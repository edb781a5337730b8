"""What happens to an offering: facts in the past tense, each with its wire name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

__all__ = [
    "OfferingChanged",
    "OfferingExpired",
    "OfferingFact",
    "OfferingFulfilled",
    "OfferingPaused",
    "OfferingPublished",
]


@dataclass(frozen=True, slots=True)
class OfferingFact:
    """What every event of an offering tells. `by` is None where time did it."""

    type: ClassVar[str]

    subject: str
    sequence: int
    by: str | None
    at: datetime
    owner: str
    kind: str
    skill: str
    modality: str
    expires_at: datetime | None
    from_status: str | None
    to_status: str

    def data(self) -> dict[str, Any]:
        """The event's `data` on the wire."""
        return {
            "owner": self.owner,
            "kind": self.kind,
            "skill": self.skill,
            "modality": self.modality,
            "expires_at": self.expires_at.isoformat().replace("+00:00", "Z") if self.expires_at else None,
            "from": self.from_status,
            "to": self.to_status,
        }


@dataclass(frozen=True, slots=True)
class OfferingPublished(OfferingFact):
    """A member offers or wants something new."""

    type: ClassVar[str] = "offering.published.v1"


@dataclass(frozen=True, slots=True)
class OfferingChanged(OfferingFact):
    """Its text, modality or end was changed, it was resumed or renewed (→ active), or it was deleted (→ deleted)."""

    type: ClassVar[str] = "offering.changed.v1"


@dataclass(frozen=True, slots=True)
class OfferingPaused(OfferingFact):
    """Its owner hid it from the others for the time being."""

    type: ClassVar[str] = "offering.paused.v1"


@dataclass(frozen=True, slots=True)
class OfferingFulfilled(OfferingFact):
    """Its owner has what they wanted, or offers it no longer."""

    type: ClassVar[str] = "offering.fulfilled.v1"


@dataclass(frozen=True, slots=True)
class OfferingExpired(OfferingFact):
    """Its time was over."""

    type: ClassVar[str] = "offering.expired.v1"
