"""How many messages a second a consumer does while it has any in hand: what one task can do, not what arrives.

Workers are scaled by it: needed are what arrives over this rate, and the backlog over this rate and the accepted delay.
"""

import time
from collections.abc import Callable

from skillsync_kit import metrics

__all__ = ["Throughput"]

# Of less, one slow message would be the figure.
_BUSY_SECONDS = 1.0


class Throughput:
    """Counts the messages of one consumer, and the time in which it had at least one in hand."""

    def __init__(self, consumer: str, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` tells the time, and never goes back."""
        self._consumer = consumer
        self._seconds = seconds
        self._in_hand = 0
        self._done = 0
        self._busy = 0.0
        self._since = 0.0

    def begin(self) -> None:
        """A message was taken."""
        if not self._in_hand:
            self._since = self._seconds()
        self._in_hand += 1

    def end(self) -> None:
        """A message is out of hand, whatever came of it."""
        now = self._seconds()
        self._in_hand -= 1
        self._done += 1
        self._busy += now - self._since
        self._since = now
        if self._busy >= _BUSY_SECONDS:
            metrics.level("handled-per-second", round(self._done / self._busy, 2), consumer=self._consumer)
            self._done, self._busy = 0, 0.0
