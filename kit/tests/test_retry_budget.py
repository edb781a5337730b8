"""The retry budget: of any calls in a row, attempts are at most 1.1 times the calls, and the reserve."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as some

from skillsync_kit.retry_budget import RESERVE, RetryBudget


@given(some.lists(some.integers(0, 2), max_size=400))
def test_attempts_are_bounded_in_every_stretch_of_calls(wanted: list[int]) -> None:
    """`wanted` are the retries that each call would like to have."""
    budget, had = RetryBudget(), []
    for retries in wanted:
        budget.earn()
        had.append(sum(budget.spend() for _ in range(retries)))
    # The most that any stretch has over a tenth of its calls, by one pass over its possible ends.
    excess = list(accumulate((10 * retries - 1 for retries in had), initial=0))
    lowest = list(accumulate(excess, min))
    assert all(now - low <= 10 * RESERVE for now, low in zip(excess, lowest, strict=True))


def test_a_client_that_calls_seldom_may_retry() -> None:
    budget = RetryBudget()
    budget.earn()
    assert budget.spend()


def test_the_reserve_comes_back_with_calls() -> None:
    budget = RetryBudget()
    while budget.spend():
        pass
    for _ in range(9):
        budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()
    assert not budget.spend()


def test_what_is_saved_has_a_limit() -> None:
    budget = RetryBudget()
    for _ in range(10_000):
        budget.earn()
    assert sum(budget.spend() for _ in range(100)) == RESERVE
