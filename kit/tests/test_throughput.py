"""A consumer's rate is that of the time in which it had work: being idle does not make it slow."""

import pytest

from skillsync_kit import metrics
from skillsync_kit.throughput import Throughput


class Told:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.levels: list[float] = []
        patch.setattr(metrics, "level", self._level)

    def _level(self, name: str, value: float, **dimensions: str) -> None:
        assert (name, dimensions) == ("handled-per-second", {"consumer": "users"})
        self.levels.append(value)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


def test_messages_side_by_side_take_their_time_once(told: Told) -> None:
    now = 0.0
    throughput = Throughput("users", lambda: now)
    for _ in range(10):
        throughput.begin()
    now = 2.0
    throughput.end()
    assert told.levels == [0.5]
    for _ in range(9):
        throughput.end()
    now = 100.0  # idle
    throughput.begin()
    now = 100.5
    throughput.end()
    assert told.levels == [0.5]
    throughput.begin()
    now = 101.0
    throughput.end()
    # Eleven in the one second in which there was something to do.
    assert told.levels == [0.5, 11.0]


def test_a_moment_of_work_is_no_figure_yet(told: Told) -> None:
    now = 0.0
    throughput = Throughput("users", lambda: now)
    throughput.begin()
    now = 0.9
    throughput.end()
    assert told.levels == []
