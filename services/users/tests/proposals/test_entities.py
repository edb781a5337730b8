"""A proposal's slug and verbs, without a database."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import TypeAdapter

from skillsync_kit.texts import Slug
from skillsync_users.proposals.entities import Proposal, ProposalStatus, slug_of
from skillsync_users.proposals.errors import ProposalDecided, UnusableName

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
DECISIONS = (ProposalStatus.APPROVED, ProposalStatus.DECLINED)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Hurdy-gurdy", "hurdy-gurdy"),
        ("  Möbel & Türen!", "mobel-turen"),
        ("Straßenmusik", "strassenmusik"),
        ("3D", "3d"),
        ("a" * 70, "a" * 64),
        (f"{'a' * 63} b", "a" * 63),
    ],
)
def test_a_slug_is_the_name_without_case_accents_and_signs(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@given(some.text(max_size=80))
def test_a_slug_is_one_or_the_name_is_refused(name: str) -> None:
    try:
        slug = slug_of(name)
    except UnusableName:
        return
    assert TypeAdapter(Slug).validate_python(slug) == slug
    assert slug_of(slug) == slug


@pytest.mark.parametrize("name", ["", "音楽", "!?", "x"])
def test_a_name_without_two_letters_or_digits_is_refused(name: str) -> None:
    with pytest.raises(UnusableName):
        slug_of(name)


@pytest.mark.parametrize("status", DECISIONS)
def test_what_was_decided_is_not_decided_otherwise(status: ProposalStatus) -> None:
    proposal = Proposal.propose("one", "ada", "music", "Lute", NOON)
    assert proposal.live_slug == "lute"
    assert proposal.decide(status, "cy", NOON)
    assert (proposal.status, proposal.decided_by, proposal.decided_at) == (status, "cy", NOON)
    assert not proposal.decide(status, "di", NOON)
    assert proposal.decided_by == "cy"
    for other in set(DECISIONS) - {status}:
        with pytest.raises(ProposalDecided):
            proposal.decide(other, "cy", NOON)
    assert (proposal.live_slug is None) == (status is ProposalStatus.DECLINED)
