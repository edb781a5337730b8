"""`skillsync down`: ask the running supervisor to drain, and wait for it."""

import time

from skillsync.errors import Problem
from skillsync.local.run import clean_leftovers, supervisor_process, take_lock
from skillsync.paths import Paths

# The longest drain there is: gateway, then services, then emulator, each with its own bound.
WAIT_SECONDS = 150.0
POLL_SECONDS = 0.05


def down(paths: Paths) -> bool:
    """True when something was stopped. Also ends what a supervisor that died has left. Raises Problem."""
    if not paths.lock_file.exists():
        return False
    supervisor = supervisor_process(paths)
    if supervisor is None:
        lock = take_lock(paths)
        try:
            return bool(clean_leftovers(paths))
        finally:
            lock.release()
    supervisor.terminate()
    give_up_at = time.monotonic() + WAIT_SECONDS
    # Not psutil's wait: an ended process that its parent did not collect yet would count as running.
    while supervisor_process(paths) is not None:
        if time.monotonic() > give_up_at:
            raise Problem(f"SkillSync (pid {supervisor.pid}) still drains after {WAIT_SECONDS:.0f} s.")
        time.sleep(POLL_SECONDS)
    return True
