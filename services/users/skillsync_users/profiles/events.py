"""What happens to a user: facts in the past tense, each with its wire name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

__all__ = ["UserCreated", "UserErased", "UserFact", "UserReinstated", "UserSuspended", "UserUpdated"]


@dataclass(frozen=True, slots=True)
class UserFact:
    """What every event of a user tells; `changed` are names of fields, never what is in them."""

    type: ClassVar[str]

    subject: str
    sequence: int
    by: str
    at: datetime
    from_status: str | None
    to_status: str
    changed: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """The event's `data` on the wire."""
        return {"from": self.from_status, "to": self.to_status, "changed": list(self.changed)}


@dataclass(frozen=True, slots=True)
class UserCreated(UserFact):
    """Somebody signed up."""

    type: ClassVar[str] = "user.created.v1"


@dataclass(frozen=True, slots=True)
class UserUpdated(UserFact):
    """A member changed their profile."""

    type: ClassVar[str] = "user.updated.v1"


@dataclass(frozen=True, slots=True)
class UserSuspended(UserFact):
    """A coordinator took a member's right to act away."""

    type: ClassVar[str] = "user.suspended.v1"


@dataclass(frozen=True, slots=True)
class UserReinstated(UserFact):
    """A coordinator gave it back."""

    type: ClassVar[str] = "user.reinstated.v1"


@dataclass(frozen=True, slots=True)
class UserErased(UserFact):
    """All that names the person is gone, as they asked; only the id is left."""

    type: ClassVar[str] = "user.erased.v1"
