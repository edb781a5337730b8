"""An offering: its state and its verbs. Nothing here does I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from skillsync_users.offerings.errors import NotYours
from skillsync_users.offerings.events import OfferingChanged, OfferingFact, OfferingPaused, OfferingPublished
from skillsync_users.profiles.entities import searchable

__all__ = ["MOST_OFFERINGS", "Changes", "Kind", "Modality", "NewOffering", "Offering", "OfferingStatus"]

MOST_OFFERINGS = 200
_DELETED = "deleted"
_SEARCH_CHARACTERS = 2000


class Kind(StrEnum):
    """Whether its owner offers the skill, or wants it."""

    OFFER = "offer"
    WANT = "want"


class Modality(StrEnum):
    """How the exchange can take place."""

    IN_PERSON = "in_person"
    REMOTE = "remote"
    EITHER = "either"


class OfferingStatus(StrEnum):
    """Whether others see it."""

    ACTIVE = "active"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class NewOffering:
    """What a member writes of a new offering."""

    kind: Kind
    skill: str
    text: str
    modality: Modality


class Changes(TypedDict, total=False):
    """What a member writes of an offering later; another kind or skill is another offering."""

    text: str | None
    modality: Modality
    status: OfferingStatus


@dataclass(slots=True)
class Offering:
    """A skill that one member offers or wants. `owner_name` is for showing only."""

    id: str
    user: str
    owner_name: str
    kind: Kind
    skill: str
    text: str
    modality: Modality
    created_at: datetime
    updated_at: datetime
    status: OfferingStatus = OfferingStatus.ACTIVE
    version: int = 1
    event_sequence: int = 1

    @classmethod
    def publish(
        cls, id: str, user: str, owner_name: str, new: NewOffering, now: datetime
    ) -> tuple["Offering", OfferingFact]:
        """A new, active offering of `user`."""
        offering = cls(id, user, owner_name, new.kind, new.skill, new.text, new.modality, now, now)
        return offering, offering._fact(OfferingPublished, None, offering.status.value, now)

    def change(self, by: str, changes: Changes, now: datetime) -> OfferingFact | None:
        """Write the changes in, pausing and resuming included; None when they change nothing. Raises NotYours."""
        self._require_owner(by)
        before = (self.text, self.modality, self.status)
        self.text = changes.get("text", self.text) or ""
        self.modality = changes.get("modality", self.modality)
        self.status = changes.get("status", self.status)
        if (self.text, self.modality, self.status) == before:
            return None
        self.version += 1
        self.updated_at = now
        self.event_sequence += 1
        is_pause = before[2] is OfferingStatus.ACTIVE and self.status is OfferingStatus.PAUSED
        return self._fact(OfferingPaused if is_pause else OfferingChanged, before[2].value, self.status.value, now)

    def delete(self, by: str, now: datetime) -> OfferingFact:
        """Take it away for good. Raises NotYours."""
        self._require_owner(by)
        self.event_sequence += 1
        return self._fact(OfferingChanged, self.status.value, _DELETED, now)

    @property
    def active_key(self) -> str | None:
        """What is unique among active offerings; None for one that is not active."""
        return f"{self.user}:{self.kind}:{self.skill}" if self.status is OfferingStatus.ACTIVE else None

    def search_text(self, skill_name: str) -> str:
        """What searches look in."""
        return searchable(f"{skill_name}\n{self.skill}\n{self.text}")[:_SEARCH_CHARACTERS]

    def _require_owner(self, by: str) -> None:
        if by != self.user:
            raise NotYours("Only its owner may change an offering.")

    def _fact(self, kind: type[OfferingFact], from_status: str | None, to_status: str, now: datetime) -> OfferingFact:
        return kind(
            subject=self.id,
            sequence=self.event_sequence,
            by=self.user,
            at=now,
            owner=self.user,
            kind=self.kind.value,
            skill=self.skill,
            modality=self.modality.value,
            from_status=from_status,
            to_status=to_status,
        )
