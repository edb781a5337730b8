"""Which category a skill is of: a copy of the users service's catalogue, read once at start.

A test holds it against the original. See docs/decisions/0033-figures-that-keep-secrets.md.
"""

import json
from importlib import resources

__all__ = ["OTHER", "Categories", "load_categories"]

OTHER = "other"
"""The category of a skill that is not in the catalogue."""


class Categories:
    """The category of each skill, by its slug."""

    def __init__(self, by_skill: dict[str, str]) -> None:
        self._by_skill = by_skill

    def of(self, skill: str) -> str:
        """The category of a skill; OTHER when the catalogue does not have it."""
        return self._by_skill.get(skill, OTHER)


def load_categories() -> Categories:
    """The categories as they ship with the package."""
    content = (resources.files("skillsync_analytics.repository") / "categories.json").read_bytes()
    return Categories({skill: category for category, skills in json.loads(content).items() for skill in skills})
