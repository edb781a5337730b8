"""Log files of bounded size that a child writes to directly, so that its output costs the supervisor nothing."""

import os
import shutil
from pathlib import Path

MOST_BYTES = 10_000_000


def open_for_child(file: Path) -> int:
    """A descriptor for a child's output. It appends, so the file may be emptied under it; the caller closes it."""
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def rotate(file: Path, most_bytes: int = MOST_BYTES) -> bool:
    """When the file has outgrown its bound, keep its content as `<name>.1` (one generation) and empty it.

    Copied and emptied, not renamed: a running child keeps writing to the same file. A line written between the two is
    lost.
    """
    try:
        if file.stat().st_size <= most_bytes:
            return False
        shutil.copyfile(file, file.with_name(f"{file.name}.1"))
        os.truncate(file, 0)
    except FileNotFoundError:
        return False
    return True


def size(file: Path) -> int:
    """In bytes; 0 when there is none."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def last_line(file: Path, since_bytes: int = 0, within_bytes: int = 8192) -> str:
    """The last line with a word in it, written since the file had this size; "" when there is none.

    What is no log line of ours comes first, since two processes may write here: it is what the one said that could not
    begin to log.
    """
    try:
        with file.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            # A file that has been emptied since is shorter than it was.
            stream.seek(max(since_bytes if since_bytes <= end else 0, end - within_bytes))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.strip(" |\t") for line in reversed(lines) if any(character.isalnum() for character in line)]
    return next((line for line in said if not line.startswith("{")), said[0] if said else "")
