"""The catalogue as it ships."""

import re

import pytest

from skillsync_users.skills.entities import Catalogue, Skill
from skillsync_users.skills.repository import load_catalogue


def test_the_shipped_catalogue_has_some_150_skills_in_a_dozen_categories_in_two_languages() -> None:
    catalogue = load_catalogue()
    assert 140 <= len(catalogue.skills) <= 170
    assert len({skill.category for skill in catalogue.skills}) == 12
    assert {"guitar", "german"} <= {skill.slug for skill in catalogue.skills}
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", skill.slug) for skill in catalogue.skills)
    names = [name for skill in catalogue.skills for name in (skill.name, skill.name_de)]
    assert all(len(skill.slug) <= 64 for skill in catalogue.skills)
    assert all(0 < len(name) <= 60 and name.strip() == name for name in names)
    assert len({skill.name for skill in catalogue.skills}) == len({it.name_de for it in catalogue.skills})


def test_a_skill_is_found_by_its_slug() -> None:
    catalogue = load_catalogue()
    assert catalogue.find("guitar") == Skill("guitar", "music", "Guitar", "Gitarre")
    assert catalogue.find("Guitar") is None


def test_a_slug_stands_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        Catalogue([Skill("chess", "learning", "Chess", "Schach"), Skill("chess", "sport", "Chess", "Schach")], 1)
