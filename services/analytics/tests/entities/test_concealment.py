"""What is not shown cannot be found by taking what is shown from what it adds up to."""

from hypothesis import given
from hypothesis import strategies as st

from skillsync_analytics.entities.concealment import Census, concealed, concealed_inside, unless_small

# Who is in each bucket, out of six people.
buckets = st.dictionaries(st.integers(0, 7), st.sets(st.sampled_from("abcdef"), min_size=1), max_size=8)


def census(people: set[str]) -> Census:
    return Census(len(people), min(people), max(people))


def test_few_are_not_shown_and_none_is_no_secret() -> None:
    assert [unless_small(number) for number in range(5)] == [0, None, None, 3, 4]


@given(buckets)
def test_what_is_concealed_is_about_three_or_all_there_are(people: dict[int, set[str]]) -> None:
    hidden = concealed({key: census(members) for key, members in people.items()})
    assert {key for key, members in people.items() if len(members) < 3} <= hidden
    rest = set().union(*(people[key] for key in hidden))
    everyone = set().union(*people.values())
    assert not hidden or len(rest) >= 3 or len(everyone) < 3


@given(buckets)
def test_no_more_is_concealed_than_needs_to_be(people: dict[int, set[str]]) -> None:
    hidden = concealed({key: census(members) for key, members in people.items()})
    small = {key for key, members in people.items() if len(members) < 3}
    assert len(hidden - small) <= 1


def test_a_bucket_is_not_shown_inside_one_that_is_not() -> None:
    inner = {0: census({"a", "b", "c"}), 1: census({"a", "b", "d"}), 2: census({"a", "b", "e"})}
    assert concealed_inside({0}, inner, lambda number: number // 2) == {0, 1}
    assert concealed_inside(set(), inner, lambda number: number // 2) == set()
