"""Shares of an exchange: what is given is received."""

from random import Random

from hypothesis import given
from hypothesis import strategies as some

from skillsync_users.stats.entities import GivenLeg, shares

PEOPLE = some.sampled_from(["ada", "bo", "cy", "di"])
LEGS = some.lists(some.builds(GivenLeg, PEOPLE, PEOPLE, some.integers(15, 6000)), max_size=8)


@given(LEGS)
def test_all_that_is_given_is_received(legs: list[GivenLeg]) -> None:
    found = shares(legs)
    total = sum(leg.minutes for leg in legs)
    assert sum(share.minutes_given for share in found) == sum(share.minutes_received for share in found) == total


@given(LEGS, some.randoms())
def test_the_order_of_legs_does_not_matter(legs: list[GivenLeg], dice: Random) -> None:
    shuffled = list(legs)
    dice.shuffle(shuffled)
    assert shares(shuffled) == shares(legs)


@given(LEGS)
def test_partnership_is_mutual_and_never_with_oneself(legs: list[GivenLeg]) -> None:
    partners = {share.user: share.partners for share in shares(legs)}
    assert all(user not in others for user, others in partners.items())
    assert all(user in partners[other] for user, others in partners.items() for other in others)
