"""What can be refused about an offering: one class each."""

from collections.abc import Mapping
from typing import Any, ClassVar

from skillsync_kit.errors import Conflict, FieldError, Forbidden, Invalid, NotFound

__all__ = ["NotYours", "OfferingExists", "OfferingNotFound", "TooManyOfferings", "UnknownSkill"]


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
