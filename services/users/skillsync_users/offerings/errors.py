"""What can be refused about an offering: one class each."""

from collections.abc import Mapping
from typing import Any, ClassVar

from skillsync_kit.errors import Conflict, FieldError, Forbidden, Invalid, NotFound

__all__ = [
    "ExpiryOutOfRange",
    "NotYours",
    "OfferingEnded",
    "OfferingExists",
    "OfferingNotFound",
    "TooManyOfferings",
    "UnknownSkill",
]

_RANGE = "must be between 1 and 365 days ahead"


class OfferingNotFound(NotFound):
    """No offering of that id, or none this caller may see."""


class NotYours(Forbidden):
    """The caller sees the offering, but it is somebody else's."""

    code, title = "not-yours", "This is not for you to do"
    example = "Only its owner may change an offering."


class OfferingExists(Conflict):
    """The member has an active offering of this kind and skill."""

    code, title = "offering-exists", "You have such an active offering already"
    example = "Change, pause or delete that one first."


class OfferingEnded(Conflict):
    """The offering was fulfilled or has expired: it can be renewed or deleted, nothing else."""

    code, title = "offering-ended", "The offering has ended"
    example = "Its time is over: renew it, POST /v1/offerings/{id}/renew."


class TooManyOfferings(Conflict):
    """The member has as many offerings as one may have."""

    code, title = "too-many-offerings", "You have too many offerings"
    example = "Delete one first: at most 200 are kept."


class UnknownSkill(Invalid):
    """The skill is not in the catalogue."""

    code, title = "unknown-skill", "The catalogue has no such skill"
    example = "Choose a skill of GET /v1/skills."
    example_extra: ClassVar[Mapping[str, Any]] = {
        "errors": [{"pointer": "/skill", "detail": "is not in the catalogue"}]
    }

    @classmethod
    def named(cls) -> "UnknownSkill":
        """The field of the request that names it."""
        return cls("Choose a skill of GET /v1/skills.", errors=(FieldError("/skill", "is not in the catalogue"),))


class ExpiryOutOfRange(Invalid):
    """The offering is to end too soon or too late."""

    code, title = "expiry-out-of-range", "An offering lasts between a day and a year"
    example = "Choose a moment between 1 and 365 days ahead, or leave it out for 180 days."
    example_extra: ClassVar[Mapping[str, Any]] = {"errors": [{"pointer": "/expires_at", "detail": _RANGE}]}

    @classmethod
    def named(cls) -> "ExpiryOutOfRange":
        """The field of the request that breaks the rule."""
        return cls(cls.example, errors=(FieldError("/expires_at", _RANGE),))
