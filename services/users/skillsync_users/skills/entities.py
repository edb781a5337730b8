"""The catalogue: which skills there are."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Catalogue", "Skill"]


@dataclass(frozen=True, slots=True)
class Skill:
    """Something people can do for each other, by its slug; its name in English and in German."""

    slug: str
    category: str
    name: str
    name_de: str

    @property
    def names(self) -> str:
        """Its name in each language, for searches."""
        return f"{self.name}\n{self.name_de}"


class Catalogue:
    """All skills, in the order they are shown; `version` changes whenever a skill does."""

    def __init__(self, skills: Sequence[Skill], version: int) -> None:
        self.skills = tuple(skills)
        self.version = version
        self._by_slug = {skill.slug: skill for skill in skills}
        if len(self._by_slug) != len(skills):
            raise ValueError("a skill stands twice in the catalogue")

    def find(self, slug: str) -> Skill | None:
        """The skill of that slug; None when there is none."""
        return self._by_slug.get(slug)
