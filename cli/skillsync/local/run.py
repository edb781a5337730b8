"""The run itself: at most one per state directory, known by its lock and by the pids in `run.json`."""

import fcntl
import os
from pathlib import Path

import psutil

from skillsync.errors import Problem
from skillsync.local.state import read_json, write_json
from skillsync.paths import Paths
from skillsync.supervision.identification import Cleaned, Identity, clean_up, find, identify

LEFTOVER_GRACE_SECONDS = 5.0
SUPERVISOR = "supervisor"
# Of the supervisor's own command line, be it `skillsync up` or `python -m skillsync up`.
SUPERVISOR_MARKER = "skillsync"


class Lock:
    """Held by the supervisor as long as it lives: the kernel lets go of it whatever way the process ends."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        os.close(self._descriptor)


def take_lock(paths: Paths) -> Lock:
    """Raises Problem while another `up` holds it."""
    lock = Lock(paths.lock_file)
    if lock.take():
        return lock
    lock.release()
    running = supervisor_process(paths)
    who = f" (pid {running.pid})" if running else ""
    raise Problem(f"SkillSync already runs here{who}: see `skillsync status`, end it with `skillsync down`.")


def write_run(paths: Paths, identities: list[Identity]) -> None:
    """Note who runs, this process included."""
    me = identify(SUPERVISOR, os.getpid(), SUPERVISOR_MARKER)
    write_json(paths.run_file, {"supervisor": me, "processes": identities})


def supervisor_process(paths: Paths) -> psutil.Process | None:
    """The supervisor if it runs."""
    identity = read_json(paths.run_file).get("supervisor")
    return find(identity) if identity else None


def clean_leftovers(paths: Paths) -> list[Cleaned]:
    """End the children of a supervisor that died. Call it only with the lock held."""
    identities: list[Identity] = read_json(paths.run_file).get("processes", [])
    return clean_up(identities, LEFTOVER_GRACE_SECONDS)
