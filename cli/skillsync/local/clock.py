"""The clock of the services, which can be moved here: by the seconds in a file that each of them reads."""

from datetime import UTC, datetime
from pathlib import Path


class Hand:
    """Moves the clock, never to an earlier moment than it shows. Call `let_go` at the end, whatever happened."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset_seconds: float | None = None

    @property
    def moment(self) -> datetime:
        """What the services take for the present."""
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + (self._offset_seconds or 0.0), UTC)

    def move(self, moment: datetime) -> None:
        """Let it be `moment` for every service from now on; in one step, so that nobody reads a half."""
        offset = (moment - datetime.now(UTC)).total_seconds()
        self._offset_seconds = offset if self._offset_seconds is None else max(offset, self._offset_seconds)
        temporary = self._file.with_name(f"{self._file.name}.tmp")
        temporary.write_text(f"{self._offset_seconds:.3f}\n", encoding="ascii")
        temporary.replace(self._file)

    def let_go(self) -> None:
        """Let it be the real time again."""
        self._offset_seconds = None
        move_back(self._file)


def move_back(file: Path) -> bool:
    """Let it be the real time again; whether it was not."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True
