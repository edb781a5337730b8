"""A circuit breaker: a dependency that fails most of the time is left alone for a while, then asked once.

    closed      every attempt passes; too many failures open it
    open        every attempt is refused at once
    half-open   one attempt passes, the probe; the others are refused until it has told

Without the one probe, everybody who waits falls upon a dependency that is just getting up.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from skillsync_kit.clock import monotonic_seconds

__all__ = ["Attempt", "Breaker", "BreakerOpen"]

# When a dependency that was well stands still, it takes a timeout and about this long until it is noticed.
_WINDOW_SECONDS = 5.0
# Of a busy window the newest are enough to tell, and bound what is kept.
_MOST_OUTCOMES = 100
_FEWEST_OUTCOMES = 10
_FAILURE_RATE = 0.5
_OPEN_SECONDS = 2.0


class BreakerOpen(Exception):
    """The dependency is not to be asked at present."""


class Attempt:
    """One attempt; it says how it ended. One that says nothing (cancelled, say) tells nothing of the dependency."""

    def __init__(self, era: int) -> None:
        self.era = era
        self.has_succeeded: bool | None = None

    def succeeded(self) -> None:
        """The dependency answered."""
        self.has_succeeded = True

    def failed(self) -> None:
        """The dependency did not answer, or answered that it cannot."""
        self.has_succeeded = False


class Breaker:
    """Opens when, of the last outcomes of five seconds, ten or more in number, half or more are failures."""

    def __init__(
        self, *, opened: Callable[[], None] = lambda: None, monotonic: Callable[[], float] = monotonic_seconds
    ) -> None:
        """`opened` is called each time that it opens, after a failed probe too; `monotonic` gives seconds."""
        self._on_opening = opened
        self._monotonic = monotonic
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=_MOST_OUTCOMES)
        self._open_until: float | None = None
        self._probe: Attempt | None = None
        # Counts openings and closings: an attempt that began before the last of them tells of another time.
        self._era = 0

    @property
    def is_refusing(self) -> bool:
        """Whether an attempt would be refused now."""
        return self._open_until is not None and (self._probe is not None or self._monotonic() < self._open_until)

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """Make an attempt, and say in it how it ended. Raises BreakerOpen, at once."""
        if self.is_refusing:
            raise BreakerOpen
        attempt = Attempt(self._era)
        if self._open_until is not None:
            self._probe = attempt
        try:
            yield attempt
        finally:
            self._settle(attempt)

    def _settle(self, attempt: Attempt) -> None:
        if attempt is self._probe:
            # Also when it tells nothing: the next one is the probe then.
            self._probe = None
            if attempt.has_succeeded:
                self._era, self._open_until = self._era + 1, None
            elif attempt.has_succeeded is False:
                self._open()
        elif attempt.has_succeeded is not None and attempt.era == self._era:
            self._outcomes.append((self._monotonic(), attempt.has_succeeded))
            if not attempt.has_succeeded and self._fails_mostly():
                self._open()

    def _fails_mostly(self) -> bool:
        oldest = self._monotonic() - _WINDOW_SECONDS
        while self._outcomes and self._outcomes[0][0] <= oldest:
            self._outcomes.popleft()
        failures = sum(not has_succeeded for _, has_succeeded in self._outcomes)
        return len(self._outcomes) >= _FEWEST_OUTCOMES and failures >= _FAILURE_RATE * len(self._outcomes)

    def _open(self) -> None:
        self._outcomes.clear()
        self._era, self._open_until = self._era + 1, self._monotonic() + _OPEN_SECONDS
        self._on_opening()
