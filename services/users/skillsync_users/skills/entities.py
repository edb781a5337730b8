"""The catalogue: which skills there are."""

import hashlib
import json
from collections.abc import Iterable, Sequence
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

    @classmethod
    def named_once(cls, slug: str, category: str, name: str) -> "Skill":
        """A skill that goes by one name in every language."""
        return cls(slug, category, name, name)


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

    def has_category(self, category: str) -> bool:
        """Whether any skill is of that category."""
        return any(skill.category == category for skill in self.skills)

    def and_these(self, more: Iterable[Skill]) -> "Catalogue":
        """This catalogue with more skills, each at its category's end; what is here already is left out."""
        order = {category: place for place, category in enumerate(dict.fromkeys(s.category for s in self.skills))}
        added = [skill for skill in more if skill.slug not in self._by_slug and skill.category in order]
        if not added:
            return self
        content = json.dumps([self.version, [[skill.slug, skill.category, skill.name] for skill in added]])
        version = int.from_bytes(hashlib.sha256(content.encode()).digest()[:6])
        return Catalogue(sorted((*self.skills, *added), key=lambda skill: order[skill.category]), version)
