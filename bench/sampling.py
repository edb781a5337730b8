"""Inside the process that `--profile` looks at: samples of its call stacks, while a signal says so.

The timer counts CPU time, so that a process that waits is not sampled; cProfile would weigh down small functions most,
and lose its way where SQLAlchemy switches greenlets. A stack goes on from a greenlet to the one that waits for it, so
that a statement's cost is also seen under the repository and the route that asked for it.
"""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import greenlet  # type: ignore[import-untyped]

__all__ = ["BEGIN", "END", "TARGET", "sampled_when_asked"]

TARGET = "BENCH_PROFILE"
"""The environment variable with the file for the samples."""

BEGIN, END = signal.SIGUSR1, signal.SIGUSR2
_INTERVAL_SECONDS = 0.001
_DEEPEST = 150


@contextmanager
def sampled_when_asked() -> Iterator[None]:
    """Sample this process from each BEGIN to its END, and write all samples so far to the file; else do nothing."""
    if target := os.environ.get(TARGET):
        sampler = _Sampler(Path(target))
        signal.signal(signal.SIGPROF, sampler.sample)
        signal.signal(BEGIN, sampler.begin)
        signal.signal(END, sampler.end)
    yield


class _Sampler:
    def __init__(self, target: Path) -> None:
        self._target = target
        self._stacks: Counter[tuple[str, ...]] = Counter()

    def begin(self, *_: Any) -> None:
        signal.setitimer(signal.ITIMER_PROF, _INTERVAL_SECONDS, _INTERVAL_SECONDS)

    def end(self, *_: Any) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        written = self._target.with_suffix(".writing")
        written.write_text(json.dumps(list(self._stacks.items())))
        written.rename(self._target)

    def sample(self, _: int, frame: FrameType | None) -> None:
        stack: list[str] = []
        current = greenlet.getcurrent()
        while frame is not None and len(stack) < _DEEPEST:
            code = frame.f_code
            stack.append(f"{_module_path(code.co_filename)}:{code.co_qualname}")
            frame = frame.f_back
            if frame is None and current.parent is not None:
                current = current.parent
                frame = current.gr_frame
        self._stacks[tuple(stack)] += 1


@cache
def _module_path(path: str) -> str:
    """A file's path as its import would name it."""
    homes = (home for home in sys.path if home and path.startswith(home + os.sep))
    home = max(homes, key=len, default="")
    return path[len(home) :].lstrip(os.sep)
