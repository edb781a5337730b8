"""Request and response shapes of offerings."""

from datetime import datetime
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from skillsync_kit.texts import Paragraphs, Slug
from skillsync_users.offerings.entities import Changes, Kind, Modality, NewOffering, Offering, OfferingStatus

__all__ = ["OfferingPage", "OfferingPatch", "OfferingRepresentation", "OfferingToPublish", "represent"]

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
}


def _patch_schema(schema: dict[str, Any]) -> None:
    """What may be left out but not be null has no default to show."""
    for name in ("modality", "status"):
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

    def written(self) -> NewOffering:
        """As the service takes it."""
        return NewOffering(self.kind, self.skill, self.text or "", self.modality)


class OfferingPatch(BaseModel):
    """A merge patch (RFC 7396) of an offering; another kind or skill is another offering."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_patch_schema)

    text: Text | None = None
    modality: Modality = Field(default=_ABSENT)
    status: OfferingStatus = Field(default=_ABSENT)

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
    )
