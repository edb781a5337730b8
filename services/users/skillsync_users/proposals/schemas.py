"""Request and response shapes of proposals."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from skillsync_kit.texts import Line, Slug
from skillsync_users.proposals.entities import Proposal, ProposalStatus

__all__ = ["ProposalPage", "ProposalRepresentation", "SkillToPropose", "represent"]

_EXAMPLE: JsonDict = {
    "id": "0190c5d4-8f6e-7000-8000-000000000020",
    "author": "0190c5d4-8f6e-7000-8000-000000000001",
    "slug": "hurdy-gurdy",
    "category": "music",
    "name": "Hurdy-gurdy",
    "status": "open",
    "created_at": "2030-01-01T12:00:00Z",
    "decided_at": None,
}


class SkillToPropose(BaseModel):
    """A skill that a member misses in the catalogue."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Hurdy-gurdy", "category": "music"}]}
    )

    name: Annotated[Line, Field(min_length=2, max_length=60)]
    category: Slug = Field(description="The slug of a category of GET /v1/skills")


class ProposalRepresentation(BaseModel):
    """A proposed skill; once it is approved, offerings name it by its slug."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    author: str | None = Field(description="Null once its author was erased")
    slug: str
    category: str
    name: str
    status: ProposalStatus
    created_at: datetime
    decided_at: datetime | None


class ProposalPage(BaseModel):
    """A page of proposals, the newest first; `next` is the cursor of the page after it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next": None}]})

    items: list[ProposalRepresentation]
    next: str | None


def represent(proposal: Proposal) -> ProposalRepresentation:
    """A proposal as those are shown it who may see it."""
    return ProposalRepresentation(
        id=proposal.id,
        author=proposal.author,
        slug=proposal.slug,
        category=proposal.category,
        name=proposal.name,
        status=proposal.status,
        created_at=proposal.created_at,
        decided_at=proposal.decided_at,
    )
