"""A person's profile: its state and its verbs. Nothing here does I/O."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from skillsync_users.errors import NotAMember
from skillsync_users.profiles.errors import ErasureUnderWay, NotYourself, WrongStatus
from skillsync_users.profiles.events import (
    UserCreated,
    UserErased,
    UserFact,
    UserReinstated,
    UserSuspended,
    UserUpdated,
)

__all__ = ["Changes", "Directory", "Profile", "PublicProfile", "UserStatus", "email_key", "searchable"]

_SEARCH_CHARACTERS = 3000


class UserStatus(StrEnum):
    """Whether a user may act: `erased` users are known to nobody any more."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ERASED = "erased"


class Changes(TypedDict, total=False):
    """What a person writes of their profile; a null takes an optional text away."""

    first_name: str
    last_name: str
    display_name: str | None
    about: str | None
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class PublicProfile:
    """What anyone signed in may know of a member: never an address."""

    id: str
    first_name: str
    last_name: str
    display_name: str
    about: str


@dataclass(frozen=True, slots=True)
class Directory:
    """What the directory is searched by. `modality` is one way to meet: who is open to either is found by both."""

    skill: str | None = None
    kind: str | None = None
    modality: str | None = None
    q: str | None = None
    status: UserStatus = UserStatus.ACTIVE

    @property
    def is_of_offerings(self) -> bool:
        """Whether members are asked for by what they offer or want."""
        return bool(self.skill or self.kind or self.modality)


@dataclass(slots=True)
class Profile:
    """A user. The id is the user pool's own for the person (`sub`)."""

    id: str
    email: str
    first_name: str
    last_name: str
    created_at: datetime
    updated_at: datetime
    display_name: str = ""
    about: str = ""
    locale: str = "en"
    time_zone: str = "UTC"
    status: UserStatus = UserStatus.ACTIVE
    version: int = 1
    event_sequence: int = 0
    # Which coordinator gave it its present status, and why; nobody before the first did.
    status_by: str | None = None
    status_reason: str = ""
    status_at: datetime | None = None
    # From when on it is to be erased, as its owner asked.
    erasure_due_at: datetime | None = None

    @classmethod
    def sign_up(cls, id: str, email: str, changes: Changes, now: datetime) -> tuple["Profile", UserCreated]:
        """A new, active profile. Its first and last name must be given; the display name is the first unless given."""
        profile = cls(id, email, changes["first_name"], changes["last_name"], now, now)
        profile._apply(changes)
        profile.event_sequence = 1
        return profile, UserCreated(id, 1, id, now, None, profile.status.value)

    def change(self, changes: Changes, now: datetime) -> UserUpdated | None:
        """Write the changes in; None when they change nothing. Raises NotAMember while suspended."""
        self.require_active()
        before = _written(self)
        self._apply(changes)
        after = _written(self)
        changed = tuple(sorted(name for name in after if after[name] != before[name]))
        if not changed:
            return None
        self._touch(now)
        self.event_sequence += 1
        status = self.status.value
        return UserUpdated(self.id, self.event_sequence, self.id, now, status, status, changed)

    def suspend(self, by: str, reason: str, now: datetime) -> UserFact | None:
        """Take the right to act away; None when `by` has done so already. Raises NotYourself, WrongStatus."""
        self._require_other(by)
        if self.status is UserStatus.SUSPENDED and self.status_by == by:
            return None
        if self.status is not UserStatus.ACTIVE:
            raise WrongStatus("Only an active member can be suspended.")
        return self._become(UserSuspended, UserStatus.SUSPENDED, by, reason, now)

    def reinstate(self, by: str, now: datetime) -> UserFact | None:
        """Give the right to act back; None when `by` has done so already. Raises NotYourself, WrongStatus."""
        self._require_other(by)
        if self.status is UserStatus.ACTIVE and self.status_by == by:
            return None
        if self.status is not UserStatus.SUSPENDED:
            raise WrongStatus("Only a suspended member can be reinstated.")
        return self._become(UserReinstated, UserStatus.ACTIVE, by, "", now)

    def ask_for_erasure(self, now: datetime, days: int) -> bool:
        """Begin the days in which one may change one's mind; False when they have begun already."""
        if self.erasure_due_at is not None:
            return False
        self.erasure_due_at = now + timedelta(days=days)
        self._touch(now)
        return True

    def keep(self, now: datetime) -> bool:
        """Take the wish to be erased back; False when there is none. Raises ErasureUnderWay once it is due."""
        if self.erasure_due_at is None:
            return False
        # The guard reads the clock itself: who comes late is refused before any sweeper has run.
        if now >= self.erasure_due_at:
            raise ErasureUnderWay(f"It was to be erased from {self.erasure_due_at.isoformat()} on.")
        self.erasure_due_at = None
        self._touch(now)
        return True

    def erase(self, now: datetime) -> UserFact | None:
        """Empty all that names the person; None unless that is due. The id stays, so that nobody gets it again."""
        if self.erasure_due_at is None or now < self.erasure_due_at or self.status is UserStatus.ERASED:
            return None
        self.email = self.first_name = self.last_name = self.display_name = self.about = ""
        self.locale, self.time_zone, self.erasure_due_at = "en", "UTC", None
        return self._become(UserErased, UserStatus.ERASED, self.id, "", now)

    def require_active(self) -> None:
        """Raises NotAMember unless this user may act."""
        if self.status is not UserStatus.ACTIVE:
            raise NotAMember("Your account is suspended: you can read what is yours, but not act.")

    @property
    def public(self) -> PublicProfile:
        """What others may know."""
        return PublicProfile(self.id, self.first_name, self.last_name, self.display_name, self.about)

    @property
    def search_text(self) -> str:
        """What the directory searches in."""
        words = (self.first_name, self.last_name, self.display_name, self.about)
        return searchable("\n".join(words))[:_SEARCH_CHARACTERS]

    def _require_other(self, by: str) -> None:
        if by == self.id:
            raise NotYourself("Ask another coordinator.")

    def _become(self, kind: type[UserFact], status: UserStatus, by: str, reason: str, now: datetime) -> UserFact:
        before, self.status = self.status, status
        self.status_by, self.status_reason, self.status_at = by, reason, now
        self._touch(now)
        self.event_sequence += 1
        return kind(self.id, self.event_sequence, by, now, before.value, status.value)

    def _touch(self, now: datetime) -> None:
        self.version += 1
        self.updated_at = now

    def _apply(self, changes: Changes) -> None:
        self.first_name = changes.get("first_name", self.first_name)
        self.last_name = changes.get("last_name", self.last_name)
        self.display_name = changes.get("display_name", self.display_name) or self.first_name
        self.about = changes.get("about", self.about) or ""
        self.locale = changes.get("locale", self.locale)
        self.time_zone = changes.get("time_zone", self.time_zone)


def email_key(email: str) -> str:
    """An address as two of them are compared: without regard to case, composed or decomposed letters being equal."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).casefold())


def searchable(text: str) -> str:
    """Text as searches compare it, on every database alike: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def _written(profile: Profile) -> dict[str, str]:
    return {
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "display_name": profile.display_name,
        "about": profile.about,
        "locale": profile.locale,
        "time_zone": profile.time_zone,
    }
