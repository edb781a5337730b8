"""The time, as a port: entities and services are handed the time, they never ask for it."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from skillsync_kit.telemetry import log

__all__ = ["Clock", "MovableClock", "SystemClock", "domain_clock", "monotonic_seconds"]

_LONGEST_OFFSET_BYTES = 64


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


class MovableClock:
    """A stand-in for local runs: real time, moved by the seconds that a file holds; not moved without that file.

    The file is read at each question, which takes microseconds: so who has put another file in its place knows that
    nobody reads the old time any more. Says once in the log that it is moved. Settings refuse it outside the local
    environment.
    """

    def __init__(self, file: Path, real: Clock) -> None:
        self._file = file
        self._real = real
        self._has_said = False

    def now(self) -> datetime:
        """The moved moment. Raises ValueError when the file holds no number of seconds."""
        seconds = self._offset_seconds()
        if seconds is None:
            return self._real.now()
        if not self._has_said:
            self._has_said = True
            log.warning("the clock is moved: times are not those of the real world", seconds=seconds)
        return self._real.now() + timedelta(milliseconds=round(seconds * 1000))

    def _offset_seconds(self) -> float | None:
        try:
            descriptor = os.open(self._file, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            text = os.read(descriptor, _LONGEST_OFFSET_BYTES)
        finally:
            os.close(descriptor)
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"{self._file} should hold the seconds by which the clock is moved") from None


def domain_clock(file: Path | None) -> Clock:
    """The clock that facts are dated by: the machine's, moved by `file` when there is such a setting."""
    real = SystemClock()
    return MovableClock(file, real) if file else real


def monotonic_seconds() -> float:
    """Seconds on a clock that never goes back; for durations and deadlines only."""
    return time.monotonic()
