"""The services' clock, which can be moved here: by the seconds in a file that each of them reads (SKILLSYNC_CLOCK_FILE)."""

from datetime import datetime
from pathlib import Path


def move(file: Path, moment: datetime, real: datetime) -> None:
    """Let it be `moment` for every service from now on; in one step, so that nobody reads a half."""
    temporary = file.with_name(f"{file.name}.tmp")
    temporary.write_text(f"{(moment - real).total_seconds():.3f}\n", encoding="ascii")
    temporary.replace(file)


def move_back(file: Path) -> bool:
    """Let it be the real time again; whether it was not."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True
