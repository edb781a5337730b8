"""What can be refused about a transaction: one class each."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from skillsync_kit.errors import Conflict, FieldError, Forbidden, Invalid, NotFound

__all__ = [
    "AlreadyReversed",
    "IncompleteTransaction",
    "InvalidTerms",
    "NotAMember",
    "NotEnoughHours",
    "NotYours",
    "ParticipantUnavailable",
    "ReasonRequired",
    "TermsChanged",
    "TooManyOpenProposals",
    "TransactionNotFound",
    "WrongState",
]


# Every refusal of an action tells how the transaction stands.
_PROPOSED: Mapping[str, Any] = {"state": "proposed", "allowed_actions": ["accept", "decline", "revise"]}
_ADA, _BO = "0190c5d4-8f6e-7000-8000-000000000001", "0190c5d4-8f6e-7000-8000-000000000002"
_DRAFT: Mapping[str, Any] = {"state": "draft", "allowed_actions": ["delete", "edit"]}


class TransactionNotFound(NotFound):
    """No transaction of that id, or none this caller may see."""


class NotAMember(Forbidden):
    """The caller has no profile here, or may not act at present."""

    code, title = "not-a-member", "Only active members may do this"
    example = "Make your profile first: POST /v1/users."


class NotYours(Forbidden):
    """The caller sees the transaction, but this is for somebody else to do."""

    code, title = "not-yours", "This is not for you to do"
    example = "Only its author may cancel a proposal. Decline it instead."
    example_extra: ClassVar[Mapping[str, Any]] = _PROPOSED


class WrongState(Conflict):
    """The transaction's state does not allow the action."""

    code, title = "wrong-state", "The transaction's state does not allow this"
    example = "Only an accepted transaction can be finalized."
    example_extra: ClassVar[Mapping[str, Any]] = _PROPOSED


class TooManyOpenProposals(Conflict):
    """The author has as many open proposals as one may have."""

    code, title = "too-many-open-proposals", "You have too many open proposals"
    example = "At most 20 of your proposals may be open at once."


class AlreadyReversed(Conflict):
    """There is a reversal of the transaction, and there can be one only."""

    code, title = "already-reversed", "The transaction was reversed already"
    example = "There is a reversal of it already."
    example_extra: ClassVar[Mapping[str, Any]] = {
        "state": "finalized",
        "allowed_actions": [],
        "reversed_by": "0190c5d4-8f6e-7000-8000-000000000021",
    }


class NotEnoughHours(Conflict):
    """An account would fall under its floor. The words never tell whose it is, unless it is the caller's own."""

    code, title = "not-enough-hours", "There are not enough hours"
    example = "You would fall under your limit of -600 minutes."
    example_extra: ClassVar[Mapping[str, Any]] = _PROPOSED


class TermsChanged(Conflict):
    """The terms were revised since the caller read them."""

    code, title = "terms-changed", "The terms were changed since you read them"
    example = "Read the present terms before you agree to them."
    example_extra: ClassVar[Mapping[str, Any]] = {
        **_PROPOSED,
        "terms_rev": 2,
        "changed": ["/legs/a/minutes"],
        "legs": {"a": {"giver": _ADA, "receiver": _BO, "skill": "guitar", "minutes": 90}},
        "scheduled_for": "2030-01-20T18:00:00+00:00",
        "settlement": "hours",
    }


class InvalidTerms(Invalid):
    """The terms break a rule."""

    code, title = "invalid-terms", "The terms break a rule"
    example = "/legs/a/receiver: must be somebody else than the giver"
    example_extra: ClassVar[Mapping[str, Any]] = {
        "errors": [{"pointer": "/legs/a/receiver", "detail": "must be somebody else than the giver"}]
    }

    @classmethod
    def at(cls, pointer: str, detail: str) -> "InvalidTerms":
        """One field, by its JSON pointer, and the rule it breaks."""
        return cls(f"{pointer}: {detail}", errors=(FieldError(pointer, detail),))


class IncompleteTransaction(InvalidTerms):
    """A draft lacks something that a proposal needs."""

    code, title = "incomplete", "The draft is not complete"
    example = "/legs/a/skill: is missing"
    example_extra: ClassVar[Mapping[str, Any]] = {
        **_DRAFT,
        "errors": [{"pointer": "/legs/a/skill", "detail": "is missing"}],
    }


class ReasonRequired(Invalid):
    """What binds others is not undone without a word."""

    code, title = "reason-required", "A reason is needed"
    example = "/reason: say why: the others will read it"
    example_extra: ClassVar[Mapping[str, Any]] = {
        "state": "accepted",
        "allowed_actions": ["amend", "cancel", "finalize"],
        "errors": [{"pointer": "/reason", "detail": "say why: the others will read it"}],
    }

    def __init__(self) -> None:
        detail = "say why: the others will read it"
        super().__init__(f"/reason: {detail}", errors=(FieldError("/reason", detail),))


class ParticipantUnavailable(Invalid):
    """A participant is no registered, active user."""

    code, title = "participant-unavailable", "A participant is not available"
    example = "Choose participants who are active members."
    example_extra: ClassVar[Mapping[str, Any]] = {
        "errors": [{"pointer": "/legs/a/receiver", "detail": "must be an active member"}]
    }

    @classmethod
    def of(cls, pointers: Iterable[str]) -> "ParticipantUnavailable":
        """The pointers of the legs' givers and receivers that are not available."""
        errors = tuple(FieldError(pointer, "must be an active member") for pointer in pointers)
        return cls("Choose participants who are active members.", errors=errors)
