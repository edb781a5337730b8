"""The catalogue as it ships."""

import re

import pytest

from skillsync_users.skills.entities import Catalogue, Skill
from skillsync_users.skills.repository import load_catalogue


def test_the_shipped_catalogue_has_some_forty_skills_in_a_few_categories() -> None:
    catalogue = load_catalogue()
    assert 35 <= len(catalogue.skills) <= 60
    assert 5 <= len({skill.category for skill in catalogue.skills}) <= 10
    assert {"guitar", "german"} <= {skill.slug for skill in catalogue.skills}
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", skill.slug) for skill in catalogue.skills)
    assert all(len(skill.slug) <= 64 and skill.name.strip() == skill.name != "" for skill in catalogue.skills)


def test_a_skill_is_found_by_its_slug() -> None:
    catalogue = load_catalogue()
    assert catalogue.find("guitar") == Skill("guitar", "music", "Guitar")
    assert catalogue.find("Guitar") is None


def test_a_slug_stands_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        Catalogue([Skill("chess", "learning", "Chess"), Skill("chess", "sport", "Chess")], 1)
