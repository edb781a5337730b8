"""Deadlines: counted down on a monotonic clock, and never stretched."""

import pytest

from skillsync_kit import deadline
from skillsync_kit.errors import DeadlineExceeded


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Monotonic seconds, as a list of one that a test may change."""
    seconds = [1000.0]
    monkeypatch.setattr(deadline, "monotonic_seconds", lambda: seconds[0])
    return seconds


def test_what_remains_is_counted_down_and_then_work_is_refused(time: list[float]) -> None:
    with deadline.until("1500"):
        assert deadline.remaining_seconds(9) == 1.5
        assert deadline.remaining_seconds(1) == 1
        time[0] += 1
        assert deadline.remaining_seconds(9) == 0.5
        time[0] += 0.5
        with pytest.raises(DeadlineExceeded):
            deadline.remaining_seconds(9)
    assert deadline.remaining_seconds(9) == 9


@pytest.mark.parametrize("header", [None, "", "soon", "nan", "NaN", "1e"])
def test_one_that_cannot_be_read_counts_as_none(header: str | None, time: list[float]) -> None:
    with deadline.until(header):
        time[0] += 3600
        assert deadline.remaining_seconds(9) == 9


@pytest.mark.parametrize(("header", "seconds"), [("inf", 60), ("9" * 400, 60), ("60001", 60), ("1", 0.001)])
def test_it_is_bounded(header: str, seconds: float, time: list[float]) -> None:
    with deadline.until(header):
        assert deadline.remaining_seconds(1000) == pytest.approx(seconds)


@pytest.mark.parametrize("header", ["0", "-1", "-inf"])
def test_one_that_has_passed_refuses_work(header: str, time: list[float]) -> None:
    with deadline.until(header), pytest.raises(DeadlineExceeded):
        deadline.remaining_seconds(9)
