"""The shape of the catalogue over HTTP."""

from pydantic import BaseModel, ConfigDict

from skillsync_users.skills.entities import Catalogue

__all__ = ["SkillList", "represent"]


class SkillRepresentation(BaseModel):
    """A skill; offerings and transactions name it by its slug."""

    slug: str
    category: str
    name: str


class SkillList(BaseModel):
    """The whole catalogue."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"slug": "guitar", "category": "music", "name": "Guitar"}]}]}
    )

    items: list[SkillRepresentation]


def represent(catalogue: Catalogue) -> SkillList:
    """The catalogue as callers are shown it."""
    items = [SkillRepresentation(slug=s.slug, category=s.category, name=s.name) for s in catalogue.skills]
    return SkillList(items=items)
