"""The hand that moves the services' clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from skillsync.local.clock import Hand, move_back
from skillsync_kit.clock import MovableClock, SystemClock

A_YEAR_AGO = datetime.now(UTC) - timedelta(days=365)
CLOSE = timedelta(seconds=5)
# The clock is cut to milliseconds, and what moves it is rounded to them.
SLACK = timedelta(milliseconds=2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clock"


def test_the_services_tell_the_time_it_was_moved_to_and_it_goes_on(file: Path) -> None:
    hand, clock = Hand(file), MovableClock(file, SystemClock())
    hand.move(A_YEAR_AGO)
    first = clock.now()
    assert -SLACK <= first - A_YEAR_AGO < CLOSE
    assert first <= clock.now() < A_YEAR_AGO + CLOSE
    assert abs(hand.moment - clock.now()) < timedelta(seconds=1)


def test_it_goes_forward_and_never_back(file: Path) -> None:
    hand, clock = Hand(file), MovableClock(file, SystemClock())
    hand.move(A_YEAR_AGO + timedelta(days=2))
    hand.move(A_YEAR_AGO)
    assert clock.now() >= A_YEAR_AGO + timedelta(days=2) - SLACK
    hand.move(A_YEAR_AGO + timedelta(days=3))
    assert clock.now() >= A_YEAR_AGO + timedelta(days=3) - SLACK


def test_let_go_it_shows_the_real_time_and_may_begin_anew(file: Path) -> None:
    hand, clock = Hand(file), MovableClock(file, SystemClock())
    hand.move(A_YEAR_AGO + timedelta(days=9))
    hand.let_go()
    hand.let_go()
    assert list(file.parent.iterdir()) == []
    assert datetime.now(UTC) - clock.now() < CLOSE
    hand.move(A_YEAR_AGO)
    assert clock.now() < A_YEAR_AGO + CLOSE


def test_a_clock_that_was_left_moved_is_found_out_once(file: Path) -> None:
    Hand(file).move(A_YEAR_AGO)
    assert move_back(file)
    assert not move_back(file)
