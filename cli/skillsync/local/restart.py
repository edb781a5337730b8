"""`skillsync restart`: ask the running supervisor for new processes, and show how it goes."""

import json
import socket
from collections.abc import Iterator

from rich.console import Console

from skillsync.errors import Problem
from skillsync.local.control import Told, has_room
from skillsync.local.progress import Progress
from skillsync.paths import Paths

# A process has 60 s to get ready, and the one before it 32 s to end.
STEP_SECONDS = 120.0


def restart(paths: Paths, process: str, console: Console) -> None:
    """Restart one process, or all but the emulator for "". Raises Problem at the first that does not get ready."""
    progress = Progress(console)
    steps = _ask(paths, process)
    while "restarting" in (step := _next(steps)):
        with progress.step(step["restarting"]):
            _next(steps)


def _next(steps: Iterator[Told]) -> Told:
    step = next(steps, None)
    if step is None:
        raise Problem("SkillSync ended before the restart was done: see `skillsync status`.")
    if "problem" in step:
        raise Problem(step["problem"])
    return step


def _ask(paths: Paths, process: str) -> Iterator[Told]:
    if not has_room(paths.control):
        raise Problem(
            f"The path of {paths.state} is too long for a socket in it: choose a shorter SKILLSYNC_STATE_DIRECTORY."
        )
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(STEP_SECONDS)
        try:
            connection.connect(str(paths.control))
        except (FileNotFoundError, ConnectionRefusedError):
            raise Problem("SkillSync does not run here: start it with `make up`.") from None
        connection.sendall(json.dumps({"restart": process}).encode() + b"\n")
        with connection.makefile("rb") as lines:
            try:
                for line in lines:
                    yield json.loads(line)
            except TimeoutError:
                raise Problem(f"SkillSync said nothing for {STEP_SECONDS:.0f} s: see `skillsync status`.") from None
