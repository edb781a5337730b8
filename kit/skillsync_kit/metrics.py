"""Metrics as CloudWatch's embedded metric format: lines of the log, which CloudWatch turns into metrics.

What is counted is kept in this process and written once in a while, so that a count costs an addition. Names are words
with hyphens; dimensions say of what (`dependency="users"`), and take few values each: never an id.
Source: Amazon CloudWatch, "Embedded metric format specification".
"""

import asyncio
import contextlib
from collections import Counter

from skillsync_kit.clock import SystemClock
from skillsync_kit.telemetry import log

__all__ = ["configure", "count", "flush", "level", "run", "spent"]

_FLUSH_SECONDS = 10.0
# What one metric of one line may hold.
_VALUES = 100

_Key = tuple[str, tuple[tuple[str, str], ...]]
_namespace = "SkillSync/local"
_counts: Counter[_Key] = Counter()
_levels: dict[_Key, float] = {}
_durations: dict[_Key, list[float]] = {}


def configure(environment: str) -> None:
    """Keep the figures of this environment apart from those of others in the same account."""
    global _namespace  # noqa: PLW0603 - one process is in one environment
    _namespace = f"SkillSync/{environment}"


def count(name: str, by: int = 1, **dimensions: str) -> None:
    """Something happened, so many times."""
    _counts[_key(name, dimensions)] += by


def level(name: str, value: float, **dimensions: str) -> None:
    """Something stands at this value now; the last one before a line is written counts."""
    _levels[_key(name, dimensions)] = value


def spent(name: str, milliseconds: float, **dimensions: str) -> None:
    """Something took so long. Of more than a hundred durations between two lines the first hundred are kept."""
    kept = _durations.setdefault(_key(name, dimensions), [])
    if len(kept) < _VALUES:
        kept.append(round(milliseconds, 1))


def flush() -> None:
    """Write a line for each set of dimensions that something was counted for, and begin anew."""
    found: dict[tuple[tuple[str, str], ...], dict[str, tuple[str, object]]] = {}
    for unit, values in (("Count", _counts), ("None", _levels), ("Milliseconds", _durations)):
        for (name, dimensions), value in values.items():
            found.setdefault(dimensions, {})[name] = (unit, value)
    # Begun anew, not emptied: a line that is being written must not change.
    _counts.clear()
    _levels.clear()
    _durations.clear()
    for dimensions, metrics in found.items():
        directive = {
            "Namespace": _namespace,
            "Dimensions": [["process", *(name for name, _ in dimensions)]],
            "Metrics": [{"Name": name, "Unit": unit} for name, (unit, _) in metrics.items()],
        }
        log.info(
            "metrics",
            _aws={"Timestamp": int(SystemClock().now().timestamp() * 1000), "CloudWatchMetrics": [directive]},
            **dict(dimensions),
            **{name: value for name, (_, value) in metrics.items()},
        )


async def run(stopping: asyncio.Event) -> None:
    """Write lines regularly until `stopping` is set, then the last ones."""
    is_last = False
    while not is_last:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _FLUSH_SECONDS)
        is_last = stopping.is_set()
        flush()


def _key(name: str, dimensions: dict[str, str]) -> _Key:
    return name, tuple(sorted(dimensions.items()))
