"""An export: its state and its verbs. Nothing here does I/O.

Facts are dated by one clock, `now`. When to try again goes by another, `real_now`, which nobody moves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["LEASE", "MOST_KEPT", "Export", "ExportProblem", "ExportState"]

MOST_KEPT = 3
"""How many a person has at once, made or being made."""

LEASE = timedelta(minutes=5)
"""How long one who makes it has it for themselves: longer than they may take."""

_FILE_KEPT = timedelta(days=7)
# What became of it can be read for so long after its file is gone.
_KEPT_AFTER = timedelta(days=23)
# About four hours in all.
_BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 1800, 3600, 7200))
_MOST_ATTEMPTS = len(_BACK_OFF) + 1


class ExportState(StrEnum):
    """Where it is in its life; only a ready one has a file."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class ExportProblem(StrEnum):
    """Why it could not be made: what it needs did not answer, or there is more than a file may hold."""

    UNAVAILABLE = "unavailable"
    TOO_LARGE = "too-large"


@dataclass(slots=True)
class Export:
    """A person's request for what is kept about them, and what became of it.

    While it is pending, `try_at` is when to try next. Afterwards `ends_at` is when its present state ends by time.
    `content_bytes` is what its rows take as JSON, `file_bytes` what its ZIP takes.
    """

    id: str
    user: str
    created_at: datetime
    try_at: datetime | None
    state: ExportState = ExportState.PENDING
    attempts: int = 0
    finished_at: datetime | None = None
    ends_at: datetime | None = None
    content_bytes: int | None = None
    file_bytes: int | None = None
    problem: ExportProblem | None = None

    def take(self, now: datetime, real_now: datetime) -> None:
        """Begin another attempt; it has failed when there were too many, the last of them broken off by a crash."""
        if self.attempts >= _MOST_ATTEMPTS:
            self.fail(ExportProblem.UNAVAILABLE, now)
            return
        self.attempts += 1
        self.try_at = real_now + LEASE

    def give_back(self, real_now: datetime) -> None:
        """This attempt was broken off by who makes it: it does not count."""
        self.attempts -= 1
        self.try_at = real_now

    def put_off(self, now: datetime, real_now: datetime) -> None:
        """This attempt did not work: try again later, longer and longer, until there were too many."""
        if self.attempts >= _MOST_ATTEMPTS:
            self.fail(ExportProblem.UNAVAILABLE, now)
        else:
            self.try_at = real_now + _BACK_OFF[self.attempts - 1]

    def finish(self, content_bytes: int, file_bytes: int, now: datetime) -> None:
        """Its file is there."""
        self._end(ExportState.READY, now, _FILE_KEPT)
        self.content_bytes, self.file_bytes = content_bytes, file_bytes

    def fail(self, problem: ExportProblem, now: datetime) -> None:
        """It cannot be made."""
        self._end(ExportState.FAILED, now, _FILE_KEPT + _KEPT_AFTER)
        self.problem = problem

    def pass_time(self, now: datetime) -> bool:
        """Let its file go when the time of that is over; False when there is nothing left to know of it either."""
        if self.ends_at is None or self.ends_at > now:
            return True
        if self.state is not ExportState.READY:
            return False
        self.state, self.ends_at = ExportState.EXPIRED, self.ends_at + _KEPT_AFTER
        return True

    @property
    def open_key(self) -> str | None:
        """What is unique among those that are being made."""
        return self.user if self.state is ExportState.PENDING else None

    @property
    def expires_at(self) -> datetime | None:
        """Until when there is a file; None when there is none."""
        return self.ends_at if self.state is ExportState.READY else None

    def _end(self, state: ExportState, now: datetime, kept: timedelta) -> None:
        self.state, self.try_at = state, None
        self.finished_at, self.ends_at = now, now + kept
