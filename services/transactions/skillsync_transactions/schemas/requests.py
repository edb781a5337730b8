"""What people write."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from skillsync_kit.ids import canonical_id
from skillsync_kit.texts import Line, Paragraphs, Slug
from skillsync_transactions.entities import Changes

__all__ = ["AgreedTerms", "Moment", "Proposal", "Refusal", "Reversal", "TransactionPatch"]


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _participant_id(text: str) -> str:
    try:
        return text if text == "me" else canonical_id(text)
    except ValueError:
        raise ValueError("must be a user's id, or me") from None


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a moment of the calendar in UTC") from None


def _text_of_a_moment(value: Any) -> Any:
    # A number, even as a text, would be taken for seconds since 1970, and nobody means that.
    if value is not None and not (isinstance(value, str) and _DATE.match(value)):
        raise ValueError("must be a moment such as 2030-01-31T18:00:00Z")
    return value


Participant = Annotated[str, Field(max_length=36, description='A user\'s id, or "me"'), AfterValidator(_participant_id)]
Moment = Annotated[AwareDatetime, BeforeValidator(_text_of_a_moment), AfterValidator(_in_utc)]
Minutes = Annotated[int, Field(strict=True, ge=15, le=6000, multiple_of=15, description="Minutes, in steps of 15")]
Reason = Annotated[Paragraphs, Field(min_length=1, max_length=500, description="For the participants alone")]
LegKey = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,16}$")]

_BO = "0190c5d4-8f6e-7000-8000-000000000002"
_EXAMPLE: JsonDict = {
    "title": "Guitar for German",
    "settlement": "hours",
    "legs": {
        "a": {"giver": "me", "receiver": _BO, "skill": "guitar", "minutes": 60},
        "b": {"giver": _BO, "receiver": "me", "skill": "german", "minutes": 60},
    },
}


class LegPatch(BaseModel):
    """A leg as its author writes it; in a draft any part may be missing yet."""

    model_config = ConfigDict(extra="forbid")

    giver: Participant | None = None
    receiver: Participant | None = None
    skill: Slug | None = None
    minutes: Minutes | None = None


class TransactionPatch(BaseModel):
    """What people write of a transaction: the whole of it when it is created, a merge patch (RFC 7396) afterwards."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [_EXAMPLE, {"note": None, "legs": {"b": {"minutes": 90}}}]},
    )

    title: Annotated[Line, Field(max_length=120)] | None = None
    note: Annotated[Paragraphs, Field(max_length=2000)] | None = None
    settlement: Literal["hours", "none"] | None = Field(
        default=None, description="Whether the minutes are counted in the hours ledger; hours unless said otherwise"
    )
    scheduled_for: Moment | None = None
    legs: dict[LegKey, LegPatch | None] | None = Field(default=None, max_length=16)

    def changes(self, me: str) -> Changes:
        """What was written, and nothing else; "me" is the caller."""
        written = self.model_dump(exclude_unset=True)
        for leg in (written.get("legs") or {}).values():
            for part in ("giver", "receiver"):
                if leg and leg.get(part) == "me":
                    leg[part] = me
        return cast("Changes", written)


class AgreedTerms(BaseModel):
    """The terms the caller has read and agrees to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"terms_rev": 1}]})

    terms_rev: int = Field(ge=1, strict=True)


class Proposal(BaseModel):
    """How long a proposal stays open, unless it is scheduled for sooner."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"expires_after_days": 7}]})

    expires_after_days: int = Field(default=14, ge=1, le=60, strict=True)


class Refusal(BaseModel):
    """Why one declines or cancels."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "I am away that week."}]})

    reason: Reason | None = None


class Reversal(BaseModel):
    """Why what was finalized is to be undone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "We counted it twice."}]})

    reason: Reason
