"""What can be refused about a proposal: one class each."""

from collections.abc import Mapping
from typing import Any, ClassVar

from skillsync_kit.errors import Conflict, FieldError, Invalid, NotFound

__all__ = [
    "AlreadyProposed",
    "CatalogueFull",
    "ProposalDecided",
    "ProposalNotFound",
    "SkillExists",
    "TooManyProposals",
    "UnknownCategory",
    "UnusableName",
]


class ProposalNotFound(NotFound):
    """No proposal of that id, or none this caller may see."""


class SkillExists(Conflict):
    """The catalogue has a skill of that name."""

    code, title = "skill-exists", "The catalogue has this skill"
    example = "Use the skill 'guitar'."


class AlreadyProposed(Conflict):
    """Somebody has proposed the same, and it is not decided yet."""

    code, title = "already-proposed", "This skill is proposed already"
    example = "Wait for a coordinator to decide."


class TooManyProposals(Conflict):
    """The member has as many open proposals as one may have."""

    code, title = "too-many-proposals", "You have too many open proposals"
    example = "Wait until one is decided: at most 5 may be open."


class ProposalDecided(Conflict):
    """The proposal was decided the other way."""

    code, title = "proposal-decided", "The proposal is decided already"
    example = "It was declined; propose the skill again."


class CatalogueFull(Conflict):
    """As many proposals were approved as a catalogue holds that is sent whole."""

    code, title = "catalogue-full", "The catalogue is full"
    example = "At most 1000 skills are added."


class UnknownCategory(Invalid):
    """The catalogue has no such category."""

    code, title = "unknown-category", "The catalogue has no such category"
    example = "Choose a category of GET /v1/skills."
    example_extra: ClassVar[Mapping[str, Any]] = {
        "errors": [{"pointer": "/category", "detail": "is not in the catalogue"}]
    }

    @classmethod
    def named(cls) -> "UnknownCategory":
        """The field of the request that names it."""
        return cls(cls.example, errors=(FieldError("/category", "is not in the catalogue"),))


class UnusableName(Invalid):
    """No slug can be made from the name."""

    code, title = "unusable-name", "The name cannot be used"
    example = "Write the name with at least two letters a to z or digits."
    example_extra: ClassVar[Mapping[str, Any]] = {
        "errors": [{"pointer": "/name", "detail": "needs at least two letters a to z or digits"}]
    }

    @classmethod
    def named(cls) -> "UnusableName":
        """The field of the request that holds it."""
        return cls(cls.example, errors=(FieldError("/name", "needs at least two letters a to z or digits"),))
