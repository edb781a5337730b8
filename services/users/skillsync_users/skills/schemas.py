"""The shape of the catalogue over HTTP."""

from pydantic import BaseModel, ConfigDict

from skillsync_users.skills.entities import Catalogue

__all__ = ["SkillList", "represent"]


class SkillNames(BaseModel):
    """A skill's name by language."""

    en: str
    de: str


class SkillRepresentation(BaseModel):
    """A skill; offerings and transactions name it by its slug."""

    slug: str
    category: str
    name: str
    names: SkillNames


class SkillList(BaseModel):
    """The whole catalogue."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "slug": "guitar",
                            "category": "music",
                            "name": "Guitar",
                            "names": {"en": "Guitar", "de": "Gitarre"},
                        }
                    ]
                }
            ]
        }
    )

    items: list[SkillRepresentation]


def represent(catalogue: Catalogue) -> SkillList:
    """The catalogue as callers are shown it."""
    items = [
        SkillRepresentation(
            slug=it.slug, category=it.category, name=it.name, names=SkillNames(en=it.name, de=it.name_de)
        )
        for it in catalogue.skills
    ]
    return SkillList(items=items)
