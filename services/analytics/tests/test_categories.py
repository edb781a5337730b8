"""The copy of the catalogue is the catalogue."""

import json
from pathlib import Path

from skillsync_analytics.repository import load_categories

HOME = Path(__file__).resolve().parents[2]
COPY = HOME / "analytics" / "skillsync_analytics" / "repository" / "categories.json"
CATALOGUE = HOME / "users" / "skillsync_users" / "skills" / "catalogue.json"


def test_the_copy_is_that_of_users() -> None:
    """When users' catalogue changes: copy it, then `skillsync replay analytics --apply`."""
    assert json.loads(COPY.read_text()) == json.loads(CATALOGUE.read_text())


def test_a_skill_that_is_not_in_it_is_of_the_category_other() -> None:
    categories = load_categories()
    assert (categories.of("guitar"), categories.of("underwater-chess"), categories.of("")) == (
        "music",
        "other",
        "other",
    )
