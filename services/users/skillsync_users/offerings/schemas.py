"""Request and response shapes of offerings."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from skillsync_kit.texts import Paragraphs, Slug
from skillsync_users.offerings.entities import Changes, Kind, Modality, NewOffering, Offering, OfferingStatus

__all__ = [
    "OfferingForWorkers",
    "OfferingPage",
    "OfferingPatch",
    "OfferingRepresentation",
    "OfferingToPublish",
    "represent",
    "represent_to_worker",
]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _in_utc(moment: datetime) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a moment of the calendar in UTC") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _text_of_a_moment(value: Any) -> Any:
    # A number, even as a text, would be taken for seconds since 1970, and nobody means that.
    if value is not None and not (isinstance(value, str) and _DATE.match(value)):
        raise ValueError("must be a moment such as 2030-01-31T18:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_text_of_a_moment), AfterValidator(_in_utc)]
WrittenStatus = Literal[OfferingStatus.ACTIVE, OfferingStatus.PAUSED, OfferingStatus.FULFILLED]
Text = Annotated[Paragraphs, Field(max_length=1000)]


# Of a field that may be left out but not be null; never seen, for only what was written is read.
_ABSENT: Any = None
_EXAMPLE: JsonDict = {
    "id": "0190c5d4-8f6e-7000-8000-000000000010",
    "owner": "0190c5d4-8f6e-7000-8000-000000000001",
    "owner_name": "Ada B.",
    "kind": "offer",
    "skill": "guitar",
    "text": "Beginners welcome",
    "modality": "either",
    "status": "active",
    "version": 1,
    "created_at": "2030-01-01T12:00:00Z",
    "updated_at": "2030-01-01T12:00:00Z",
    "expires_at": "2030-06-30T12:00:00Z",
}


def _patch_schema(schema: dict[str, Any]) -> None:
    """What may be left out but not be null has no default to show."""
    for name in ("modality", "status", "expires_at"):
        schema["properties"][name].pop("default", None)
    schema["examples"] = [{"text": "Beginners welcome, evenings", "status": "paused"}]


class OfferingToPublish(BaseModel):
    """What a member offers or wants."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "offer", "skill": "guitar", "text": "Beginners welcome"}]},
    )

    kind: Kind
    skill: Slug = Field(description="A slug of GET /v1/skills")
    text: Text | None = None
    modality: Modality = Modality.EITHER
    expires_at: Moment | None = Field(default=None, description="1 to 365 days ahead; 180 days unless given")

    def written(self) -> NewOffering:
        """As the service takes it."""
        return NewOffering(self.kind, self.skill, self.text or "", self.modality, self.expires_at)


class OfferingPatch(BaseModel):
    """A merge patch (RFC 7396) of an offering; another kind or skill is another offering."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_patch_schema)

    text: Text | None = None
    modality: Modality = Field(default=_ABSENT)
    status: WrittenStatus = Field(default=_ABSENT, description="Pauses, resumes or fulfils it; renew what has ended")
    expires_at: Moment = Field(default=_ABSENT, description="1 to 365 days ahead")

    def changes(self) -> Changes:
        """What was written, and nothing else."""
        return cast("Changes", self.model_dump(exclude_unset=True))


class OfferingRepresentation(BaseModel):
    """An offering, with its owner's display name at this moment."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    owner: str
    owner_name: str
    kind: Kind
    skill: str
    text: str
    modality: Modality
    status: OfferingStatus
    version: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = Field(description="When an active one ends; null when it does not end by itself")


class OfferingForWorkers(BaseModel):
    """What a worker that reminds people needs to know of an offering."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {name: _EXAMPLE[name] for name in ("id", "owner", "kind", "skill")}
                | {"skill_name": "Guitar"}
                | {name: _EXAMPLE[name] for name in ("status", "version", "expires_at")}
            ]
        }
    )

    id: str
    owner: str
    kind: Kind
    skill: str
    skill_name: str
    status: OfferingStatus
    version: int
    expires_at: datetime | None


class OfferingPage(BaseModel):
    """A page of offerings, the newest first; `next` is the cursor of the page after it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next": None}]})

    items: list[OfferingRepresentation]
    next: str | None


def represent(offering: Offering) -> OfferingRepresentation:
    """An offering as callers are shown it."""
    return OfferingRepresentation(
        id=offering.id,
        owner=offering.user,
        owner_name=offering.owner_name,
        kind=offering.kind,
        skill=offering.skill,
        text=offering.text,
        modality=offering.modality,
        status=offering.status,
        version=offering.version,
        created_at=offering.created_at,
        updated_at=offering.updated_at,
        expires_at=offering.expires_at,
    )


def represent_to_worker(offering: Offering, skill_name: str) -> OfferingForWorkers:
    """An offering as a worker is told of it."""
    return OfferingForWorkers(
        id=offering.id,
        owner=offering.user,
        kind=offering.kind,
        skill=offering.skill,
        skill_name=skill_name,
        status=offering.status,
        version=offering.version,
        expires_at=offering.expires_at,
    )
