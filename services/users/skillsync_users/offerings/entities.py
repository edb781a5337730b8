"""An offering: its state and its verbs. Nothing here does I/O."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from skillsync_users.offerings.errors import ExpiryOutOfRange, NotYours, OfferingEnded
from skillsync_users.offerings.events import (
    OfferingChanged,
    OfferingExpired,
    OfferingFact,
    OfferingFulfilled,
    OfferingPaused,
    OfferingPublished,
)
from skillsync_users.profiles.entities import searchable

__all__ = [
    "LONGEST_LIFE",
    "MOST_OFFERINGS",
    "SHORTEST_LIFE",
    "USUAL_LIFE",
    "Changes",
    "Filters",
    "Kind",
    "Modality",
    "NewOffering",
    "Offering",
    "OfferingStatus",
]

MOST_OFFERINGS = 200
SHORTEST_LIFE, USUAL_LIFE, LONGEST_LIFE = timedelta(days=1), timedelta(days=180), timedelta(days=365)
_DELETED = "deleted"
_SEARCH_CHARACTERS = 2000
_RENEW = "Its time is over: renew it, POST /v1/offerings/{id}/renew."


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
    """Where it is in its life. Others see active ones alone; fulfilled and expired ones have ended."""

    ACTIVE = "active"
    PAUSED = "paused"
    FULFILLED = "fulfilled"
    EXPIRED = "expired"


_ENDED = frozenset({OfferingStatus.FULFILLED, OfferingStatus.EXPIRED})
_FACT_OF_STATUS: dict[OfferingStatus, type[OfferingFact]] = {
    OfferingStatus.PAUSED: OfferingPaused,
    OfferingStatus.FULFILLED: OfferingFulfilled,
    OfferingStatus.EXPIRED: OfferingExpired,
}


@dataclass(frozen=True, slots=True)
class NewOffering:
    """What a member writes of a new offering."""

    kind: Kind
    skill: str
    text: str
    modality: Modality
    expires_at: datetime | None = None


class Changes(TypedDict, total=False):
    """What a member writes of an offering later; another kind or skill is another offering."""

    text: str | None
    modality: Modality
    status: OfferingStatus
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of offerings is narrowed by. `modality` is one way to meet: who takes either is found by both."""

    owner: str | None = None
    kind: str | None = None
    skill: str | None = None
    modality: str | None = None
    q: str | None = None


@dataclass(slots=True)
class Offering:
    """A skill that one member offers or wants. `owner_name` is for showing only.

    An active one ends at `expires_at`; one without it (from before there was such a thing) when it is renewed first.
    """

    id: str
    user: str
    owner_name: str
    kind: Kind
    skill: str
    text: str
    modality: Modality
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None
    status: OfferingStatus = OfferingStatus.ACTIVE
    version: int = 1
    event_sequence: int = 1

    @classmethod
    def publish(
        cls, id: str, user: str, owner_name: str, new: NewOffering, now: datetime
    ) -> tuple["Offering", OfferingFact]:
        """A new, active offering of `user`, for 180 days unless it says until when. Raises ExpiryOutOfRange."""
        if new.expires_at is not None:
            _require_in_range(new.expires_at, now)
        expires_at = new.expires_at or now + USUAL_LIFE
        offering = cls(id, user, owner_name, new.kind, new.skill, new.text, new.modality, now, now, expires_at)
        return offering, offering._fact(OfferingPublished, None, now)

    def change(self, by: str, changes: Changes, now: datetime) -> OfferingFact | None:
        """Write the changes in: pausing, resuming and fulfilling included; None when they change nothing.

        Raises NotYours, ExpiryOutOfRange, and OfferingEnded for what only `renew` brings back.
        """
        self._require_owner(by)
        before, status = self._written(), self.status
        self._apply(changes)
        if self._written() == before:
            return None
        if status in _ENDED:
            raise OfferingEnded(_RENEW)
        if self.expires_at is not None and self.expires_at != before[-1]:
            _require_in_range(self.expires_at, now)
        if self.is_due(now):
            raise OfferingEnded(_RENEW)
        kind = _FACT_OF_STATUS.get(self.status, OfferingChanged) if self.status is not status else OfferingChanged
        return self._step(kind, by, status, now)

    def renew(self, by: str, now: datetime) -> OfferingFact | None:
        """Make it active for another 180 days, or for as long as it was to be if that is longer.

        None when that changes nothing. Raises NotYours.
        """
        self._require_owner(by)
        before, status = self._written(), self.status
        self.status = OfferingStatus.ACTIVE
        self.expires_at = max(now + USUAL_LIFE, self.expires_at or now)
        return None if self._written() == before else self._step(OfferingChanged, by, status, now)

    def pass_time(self, now: datetime) -> OfferingFact | None:
        """End it if its time is over; else None.

        What becomes of it depends on nothing but itself, so it may be shown so before it is kept so.
        """
        if self.expires_at is None or not self.is_due(now):
            return None
        status, self.status = self.status, OfferingStatus.EXPIRED
        fact = self._step(OfferingExpired, None, status, now)
        self.updated_at = self.expires_at
        return fact

    def is_due(self, now: datetime) -> bool:
        """Whether it is active past its time."""
        return self.status is OfferingStatus.ACTIVE and self.expires_at is not None and self.expires_at <= now

    def delete(self, by: str, now: datetime) -> OfferingFact:
        """Take it away for good. Raises NotYours."""
        self._require_owner(by)
        self.event_sequence += 1
        return replace(self._fact(OfferingChanged, self.status, now), to_status=_DELETED)

    @property
    def active_key(self) -> str | None:
        """What is unique among active offerings; None for one that is not active."""
        return f"{self.user}:{self.kind}:{self.skill}" if self.status is OfferingStatus.ACTIVE else None

    def search_text(self, skill_names: str) -> str:
        """What searches look in."""
        return searchable(f"{skill_names}\n{self.skill}\n{self.text}")[:_SEARCH_CHARACTERS]

    def _require_owner(self, by: str) -> None:
        if by != self.user:
            raise NotYours("Only its owner may change an offering.")

    def _written(self) -> tuple[str, Modality, OfferingStatus, datetime | None]:
        return self.text, self.modality, self.status, self.expires_at

    def _apply(self, changes: Changes) -> None:
        self.text = changes.get("text", self.text) or ""
        self.modality = changes.get("modality", self.modality)
        self.status = changes.get("status", self.status)
        self.expires_at = changes.get("expires_at", self.expires_at)

    def _step(self, kind: type[OfferingFact], by: str | None, before: OfferingStatus, now: datetime) -> OfferingFact:
        self.version += 1
        self.updated_at = now
        self.event_sequence += 1
        return replace(self._fact(kind, before, now), by=by)

    def _fact(self, kind: type[OfferingFact], before: OfferingStatus | None, now: datetime) -> OfferingFact:
        return kind(
            subject=self.id,
            sequence=self.event_sequence,
            by=self.user,
            at=now,
            owner=self.user,
            kind=self.kind.value,
            skill=self.skill,
            modality=self.modality.value,
            expires_at=self.expires_at,
            from_status=before.value if before else None,
            to_status=self.status.value,
        )


def _require_in_range(expires_at: datetime, now: datetime) -> None:
    if not now + SHORTEST_LIFE <= expires_at <= now + LONGEST_LIFE:
        raise ExpiryOutOfRange.named()
