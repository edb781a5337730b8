"""Named points where a test can kill the process, to prove what a crash right there does.

A test names a directory in SKILLSYNC_FAILPOINTS (only the local environment accepts it) and arms a point by making the
file `armed/<process>.<point>` there. The process that passes an armed point takes the file away, so that it is killed
once, and dies by SIGKILL. Every pass of a point, armed or not, is a line in `hits/<process>.<point>`.
"""

import os
import signal
from pathlib import Path

__all__ = ["configure", "failpoint"]

_directory: Path | None = None
_process = ""


def configure(directory: str | None, process: str) -> None:
    """Switch failpoints on in `directory` under this process's name; None switches them off."""
    global _directory, _process  # noqa: PLW0603 - one switch for the whole process, set once at its start
    _directory = Path(directory) if directory else None
    _process = process
    if _directory:
        (_directory / "armed").mkdir(parents=True, exist_ok=True)
        (_directory / "hits").mkdir(parents=True, exist_ok=True)


def failpoint(point: str) -> None:
    """Pass the point `point`: counts the pass, and kills the process when the point is armed."""
    if _directory is None:
        return
    name = f"{_process}.{point}"
    with (_directory / "hits" / name).open("a") as hits:
        hits.write(f"{os.getpid()}\n")
    try:
        (_directory / "armed" / name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
