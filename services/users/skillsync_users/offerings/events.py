"""What happens to an offering: facts in the past tense, each with its wire name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

__all__ = ["OfferingChanged", "OfferingFact", "OfferingPaused", "OfferingPublished"]


@dataclass(frozen=True, slots=True)
class OfferingFact:
    """What every event of an offering tells."""

    type: ClassVar[str]

    subject: str
    sequence: int
    by: str
    at: datetime
    owner: str
    kind: str
    skill: str
    modality: str
    from_status: str | None
    to_status: str

    def data(self) -> dict[str, Any]:
        """The event's `data` on the wire."""
        return {
            "owner": self.owner,
            "kind": self.kind,
            "skill": self.skill,
            "modality": self.modality,
            "from": self.from_status,
            "to": self.to_status,
        }


@dataclass(frozen=True, slots=True)
class OfferingPublished(OfferingFact):
    """A member offers or wants something new."""

    type: ClassVar[str] = "offering.published.v1"


@dataclass(frozen=True, slots=True)
class OfferingChanged(OfferingFact):
    """Its text or modality was changed, it was resumed (paused → active), or it was deleted (→ deleted)."""

    type: ClassVar[str] = "offering.changed.v1"


@dataclass(frozen=True, slots=True)
class OfferingPaused(OfferingFact):
    """Its owner hid it from the others for the time being."""

    type: ClassVar[str] = "offering.paused.v1"
