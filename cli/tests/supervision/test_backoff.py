"""Delays between restarts."""

from skillsync.supervision.backoff import Backoff


def test_delays_double_up_to_the_most() -> None:
    backoff = Backoff(first_seconds=0.1, most_seconds=1.0)
    assert [backoff.after(0) for _ in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_a_stable_run_starts_anew() -> None:
    backoff = Backoff(first_seconds=0.1, stable_seconds=3)
    assert [backoff.after(0), backoff.after(2.9), backoff.after(3), backoff.after(0)] == [0.1, 0.2, 0.1, 0.2]


def test_a_long_night_of_failures_does_not_overflow() -> None:
    backoff = Backoff(failures=100_000)
    assert backoff.after(0) == backoff.most_seconds
