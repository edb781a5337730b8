"""The time, as a port: entities and services are handed the time, they never ask for it."""

import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock", "monotonic_seconds"]


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock, cut to milliseconds: what every database keeps and every client's language can read."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC, in whole milliseconds."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def monotonic_seconds() -> float:
    """Seconds on a clock that never goes back; for durations and deadlines only."""
    return time.monotonic()
