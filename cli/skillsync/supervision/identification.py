"""Who a process id is: a pid alone may belong to a stranger by now, so its start time and command are compared too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict

import psutil

# A start time is computed from the boot time, which moves when the clock is set.
START_TIME_TOLERANCE_SECONDS = 2.0


class Identity(TypedDict):
    """`started` in seconds since the epoch; `marker` is a word of the command line."""

    name: str
    pid: int
    started: float
    marker: str


@dataclass(frozen=True)
class Cleaned:
    """A process of an earlier run that was ended; `killed` when it did not go by itself."""

    name: str
    pid: int
    killed: bool


def identify(name: str, pid: int, marker: str) -> Identity:
    """Describe a running process. Raises psutil.NoSuchProcess when it is gone already."""
    return Identity(name=name, pid=pid, started=psutil.Process(pid).create_time(), marker=marker)


def find(identity: Identity) -> psutil.Process | None:
    """The process an identity describes, if that very process still runs."""
    try:
        process = psutil.Process(identity["pid"])
        same_start = abs(process.create_time() - identity["started"]) <= START_TIME_TOLERANCE_SECONDS
        if not same_start or process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process if any(identity["marker"] in word for word in process.cmdline()) else None
    except psutil.Error:
        return None


def clean_up(identities: Sequence[Identity], grace_seconds: float) -> list[Cleaned]:
    """End what an earlier run left behind: SIGTERM to all, after the grace SIGKILL to those that stayed."""
    found = [(identity, process) for identity in identities if (process := find(identity)) is not None]
    for _, process in found:
        _quietly(process.terminate)
    _, alive = psutil.wait_procs([process for _, process in found], timeout=grace_seconds)
    for process in alive:
        _quietly(process.kill)
    psutil.wait_procs(alive, timeout=grace_seconds)
    return [Cleaned(identity["name"], process.pid, process in alive) for identity, process in found]


def _quietly(action: Callable[[], None]) -> None:
    try:
        action()
    except psutil.NoSuchProcess:
        return
