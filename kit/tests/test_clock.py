"""The movable clock: real time, moved by a file; and what must not move with it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from skillsync_kit.clock import MovableClock, SystemClock, domain_clock
from skillsync_kit.testing import FixedClock

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clock"


def put(file: Path, text: str) -> None:
    """In one step, as who moves the clock does."""
    temporary = file.with_suffix(".new")
    temporary.write_text(text)
    temporary.replace(file)


def test_without_its_file_it_tells_the_real_time_and_says_nothing(file: Path) -> None:
    with capture_logs() as lines:
        assert MovableClock(file, FixedClock(NOON)).now() == NOON
    assert lines == []


def test_the_file_moves_it_at_once_forth_and_back(file: Path) -> None:
    clock = MovableClock(file, FixedClock(NOON))
    for hours in (-24 * 364, -24 * 363, 5, 0):
        put(file, str(hours * 3600))
        assert clock.now() == NOON + timedelta(hours=hours)
    file.unlink()
    assert clock.now() == NOON


def test_it_goes_on_while_it_is_moved(file: Path) -> None:
    real = FixedClock(NOON)
    clock = MovableClock(file, real)
    put(file, "-86400.25\n")
    real.advance(milliseconds=250)
    assert clock.now() == NOON - timedelta(days=1)


def test_a_moved_moment_has_whole_milliseconds(file: Path) -> None:
    put(file, "-1.23456789")
    assert MovableClock(file, SystemClock()).now().microsecond % 1000 == 0


def test_it_says_once_that_it_is_moved(file: Path) -> None:
    put(file, "-60")
    clock = MovableClock(file, FixedClock(NOON))
    with capture_logs() as lines:
        clock.now()
        clock.now()
    assert [(line["log_level"], line["seconds"]) for line in lines] == [("warning", -60.0)]


@pytest.mark.parametrize("content", ["", "yesterday", "-60 seconds"])
def test_a_file_without_a_number_is_refused_by_its_name(file: Path, content: str) -> None:
    put(file, content)
    with pytest.raises(ValueError, match=r"clock should hold the seconds"):
        MovableClock(file, FixedClock(NOON)).now()


def test_only_a_setting_makes_it_movable(file: Path) -> None:
    assert isinstance(domain_clock(None), SystemClock)
    assert isinstance(domain_clock(file), MovableClock)
