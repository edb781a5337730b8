"""Deadlines that travel: how long the caller still waits, told in a header and counted down at each hop.

The header holds the remaining milliseconds, not a moment: machines' clocks differ, durations do not.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from skillsync_kit.clock import monotonic_seconds
from skillsync_kit.errors import DeadlineExceeded

__all__ = ["HEADER", "remaining_seconds", "until"]

HEADER = "x-deadline-milliseconds"
_LONGEST_SECONDS = 60.0
_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def until(header: str | None) -> Iterator[None]:
    """Work within the deadline that a request's header names; one that cannot be read counts as none."""
    try:
        milliseconds = float(header or "")
    except ValueError:
        milliseconds = math.nan
    if math.isnan(milliseconds):
        yield
        return
    seconds = min(max(milliseconds, 0) / 1000, _LONGEST_SECONDS)
    token = _ends_at.set(monotonic_seconds() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def remaining_seconds(at_most: float) -> float:
    """How long a call may take, `at_most` unless the deadline is nearer. Raises DeadlineExceeded past it."""
    ends_at = _ends_at.get()
    if ends_at is None:
        return at_most
    remaining = ends_at - monotonic_seconds()
    if remaining <= 0:
        raise DeadlineExceeded("The caller no longer waits for this.")
    return min(remaining, at_most)
