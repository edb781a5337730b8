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


def test_skills_are_added_at_their_categorys_end_and_change_the_version() -> None:
    chess, guitar = Skill("chess", "learning", "Chess", "Schach"), Skill("guitar", "music", "Guitar", "Gitarre")
    shipped = Catalogue([chess, guitar], 1)
    go, lute = Skill.named_once("go", "learning", "Go"), Skill.named_once("lute", "music", "Lute")
    assert (lute.name, lute.name_de) == ("Lute", "Lute")
    grown = shipped.and_these([lute, go])
    assert grown.skills == (chess, go, guitar, lute)
    assert grown.find("go") == go
    versions = {it.version for it in (shipped, grown, shipped.and_these([lute]), shipped.and_these([go, lute]))}
    assert len(versions) == 4
    assert Catalogue([chess, guitar], 2).and_these([lute, go]).version != grown.version
    assert shipped.and_these([lute, go]).version == grown.version


def test_what_ships_goes_before_what_was_approved() -> None:
    shipped = Catalogue([Skill("chess", "learning", "Chess", "Schach")], 1)
    more = [Skill.named_once("chess", "learning", "My chess"), Skill.named_once("levitation", "magic", "Levitation")]
    grown = shipped.and_these(more)
    assert (grown.skills, grown.version) == (shipped.skills, 1)
    assert (shipped.has_category("learning"), shipped.has_category("magic")) == (True, False)
