"""The breaker: whatever happens in whatever order, it opens at rate and volume alone, and closes by one probe alone."""

from asyncio import CancelledError

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from skillsync_kit.breaker import Attempt, Breaker, BreakerOpen

WINDOW_SECONDS, MOST, FEWEST, OPEN_SECONDS = 5, 100, 10, 2


class Time:
    """A monotonic clock that goes when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class UnderWay:
    """An attempt that has begun and not ended."""

    def __init__(self, breaker: Breaker) -> None:
        self._context = breaker.attempt()
        self.attempt: Attempt = self._context.__enter__()

    def end(self, has_succeeded: bool | None) -> None:
        """End as told; None is a cancelled one."""
        if has_succeeded is not None:
            (self.attempt.succeeded if has_succeeded else self.attempt.failed)()
            self._context.__exit__(None, None, None)
        else:
            self._context.__exit__(CancelledError, CancelledError(), None)


class AnyOrder(RuleBasedStateMachine):
    """Attempts that begin and end in any order, at any time, beside a plain model of what should come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.time = Time()
        self.openings = 0
        self.breaker = Breaker(opened=self.opened, monotonic=self.time)
        # The model: when it may be tried again if it is open, the outcomes since it closed, who is the probe.
        self.open_until: float | None = None
        self.outcomes: list[tuple[float, bool]] = []
        self.probe: UnderWay | None = None
        self.under_way: list[UnderWay] = []
        self.of_this_time: list[UnderWay] = []

    def opened(self) -> None:
        self.openings += 1

    @initialize(failures=some.sampled_from([0, 9, 10]))
    def begin(self, failures: int) -> None:
        """Often begin near the point where it opens: chance alone seldom comes there."""
        for _ in range(failures):
            self.start()
            self.end(some_index=0, has_succeeded=False)

    @rule()
    def start(self) -> None:
        should_pass = self.open_until is None or (self.probe is None and self.time.seconds >= self.open_until)
        try:
            attempt = UnderWay(self.breaker)
        except BreakerOpen:
            assert not should_pass
            return
        assert should_pass
        self.under_way.append(attempt)
        if self.open_until is None:
            self.of_this_time.append(attempt)
        else:
            self.probe = attempt

    @precondition(lambda self: self.under_way)
    @rule(some_index=some.integers(0, 10**6), has_succeeded=some.sampled_from([True, False, False, None]))
    def end(self, some_index: int, has_succeeded: bool | None) -> None:
        attempt = self.under_way.pop(some_index % len(self.under_way))
        openings = self.openings
        attempt.end(has_succeeded)
        if attempt is self.probe:
            self.probe = None
            if has_succeeded:
                self.open_until = None
            elif has_succeeded is False:
                self.open(openings)
        elif attempt in self.of_this_time and has_succeeded is not None:
            self.outcomes.append((self.time.seconds, has_succeeded))
            recent = [was for at, was in self.outcomes[-MOST:] if at > self.time.seconds - WINDOW_SECONDS]
            if not has_succeeded and len(recent) >= FEWEST and recent.count(False) * 2 >= len(recent):
                self.open(openings)
        assert self.openings == openings or self.open_until is not None

    def open(self, openings_before: int) -> None:
        assert self.openings == openings_before + 1
        self.open_until = self.time.seconds + OPEN_SECONDS
        self.outcomes, self.of_this_time = [], []

    @rule(seconds=some.sampled_from([0.5, 1, 2, 3, 4, 5]))
    def wait(self, seconds: float) -> None:
        self.time.seconds += seconds

    @invariant()
    def refuses_as_it_should(self) -> None:
        is_waiting = self.open_until is not None and (self.probe is not None or self.time.seconds < self.open_until)
        assert self.breaker.is_refusing == is_waiting


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def breaker(time: Time) -> Breaker:
    return Breaker(monotonic=time)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        UnderWay(breaker).end(False)


def test_half_of_ten_open_it(breaker: Breaker) -> None:
    for _ in range(5):
        UnderWay(breaker).end(True)
    fail(breaker, 4)
    assert not breaker.is_refusing
    fail(breaker, 1)
    with pytest.raises(BreakerOpen):
        UnderWay(breaker)


def test_failures_that_are_long_past_do_not_count(breaker: Breaker, time: Time) -> None:
    fail(breaker, 9)
    time.seconds += WINDOW_SECONDS
    fail(breaker, 9)
    assert not breaker.is_refusing


def test_of_those_who_wait_one_is_let_through(breaker: Breaker, time: Time) -> None:
    fail(breaker, 10)
    time.seconds += OPEN_SECONDS
    probe = UnderWay(breaker)
    for _ in range(50):
        with pytest.raises(BreakerOpen):
            UnderWay(breaker)
    probe.end(True)
    for _ in range(50):
        UnderWay(breaker)


def test_when_the_probe_is_cancelled_the_next_one_is_the_probe(breaker: Breaker, time: Time) -> None:
    fail(breaker, 10)
    time.seconds += OPEN_SECONDS
    UnderWay(breaker).end(None)
    UnderWay(breaker).end(True)
    assert not breaker.is_refusing


def test_what_began_before_it_opened_neither_closes_nor_opens_it(breaker: Breaker, time: Time) -> None:
    late = [UnderWay(breaker) for _ in range(40)]
    fail(breaker, 10)
    late.pop().end(True)
    assert breaker.is_refusing
    time.seconds += OPEN_SECONDS
    UnderWay(breaker).end(True)
    for attempt in late:
        attempt.end(False)
    assert not breaker.is_refusing
