"""A profile's verbs, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from skillsync_users.errors import NotAMember
from skillsync_users.profiles.entities import Changes, Profile, UserStatus, email_key, searchable

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
WORDS = some.text("aÄ\u0301 ", max_size=4)
NAMES = some.text("aÄ\u0301", min_size=1, max_size=4)
CHANGES = some.fixed_dictionaries(
    {},
    optional={
        "first_name": NAMES,
        "last_name": NAMES,
        "display_name": some.none() | NAMES,
        "about": some.none() | WORDS,
        "locale": some.sampled_from(["en", "de"]),
        "time_zone": some.sampled_from(["UTC", "Europe/Berlin"]),
    },
)


def ada() -> Profile:
    """Somebody who has just signed up."""
    return Profile.sign_up("ada", "Ada@members.example", {"first_name": "Ada", "last_name": "Berg"}, NOON)[0]


def test_a_new_profile_is_active_and_shown_by_its_first_name() -> None:
    profile, created = Profile.sign_up("ada", "a@b.example", {"first_name": "Ada", "last_name": "Berg"}, NOON)
    assert (profile.status, profile.version, profile.display_name) == (UserStatus.ACTIVE, 1, "Ada")
    assert (created.sequence, created.data()) == (1, {"from": None, "to": "active", "changed": []})


@given(some.lists(CHANGES, max_size=6))
def test_version_and_sequence_count_exactly_the_changes_told_of(history: list[Changes]) -> None:
    profile = ada()
    facts = [fact for changes in history if (fact := profile.change(changes, LATER))]
    assert profile.version == profile.event_sequence == 1 + len(facts)
    assert [fact.sequence for fact in facts] == list(range(2, 2 + len(facts)))


@given(CHANGES)
def test_a_change_repeated_changes_nothing(changes: Changes) -> None:
    profile = ada()
    profile.change(changes, LATER)
    version = profile.version
    assert profile.change(changes, LATER) is None
    assert profile.version == version


@given(CHANGES)
def test_what_was_not_written_stays(changes: Changes) -> None:
    profile, before = ada(), ada()
    fact = profile.change(changes, LATER)
    changed = set(fact.changed if fact else ())
    assert changed <= changes.keys()
    unwritten = {"first_name", "last_name", "display_name", "about", "locale", "time_zone"} - changes.keys()
    assert all(getattr(profile, name) == getattr(before, name) for name in unwritten)
    assert profile.updated_at == (LATER if changed else NOON)


def test_a_display_name_taken_away_is_the_first_name_again() -> None:
    profile = ada()
    profile.change({"display_name": "A. B."}, NOON)
    profile.change({"first_name": "Adele", "display_name": None}, NOON)
    assert profile.display_name == "Adele"


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.ERASED])
def test_one_who_may_not_act_changes_nothing(status: UserStatus) -> None:
    profile = ada()
    profile.status = status
    with pytest.raises(NotAMember):
        profile.change({"about": "x"}, LATER)
    assert (profile.about, profile.version) == ("", 1)


@given(some.emails())
def test_addresses_that_differ_in_case_have_one_key(address: str) -> None:
    assert email_key(address.upper()) == email_key(address.lower()) == email_key(address)


def test_searches_pass_over_case_and_accents() -> None:
    assert searchable("JOSÉ Ünal") == searchable("Jose\u0301 unal") == "jose unal"
    assert (
        len(Profile.sign_up("x", "x", {"first_name": "\ufdfa" * 60, "last_name": "\ufdfa" * 60}, NOON)[0].search_text)
        <= 3000
    )
