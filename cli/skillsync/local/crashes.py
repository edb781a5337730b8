"""Tells a crash from a restart on purpose, and both from the rest."""

from typing import Literal

from skillsync.supervision.process import SupervisedProcess


class Crashes:
    """Remembers how often each process had been restarted, and which are not back yet."""

    def __init__(self) -> None:
        self._restarts: dict[str, int] = {}
        self._away: set[str] = set()

    def observe(self, process: SupervisedProcess) -> Literal["crashed", "back"] | None:
        """What the latest change of this process means. Restarts on purpose are not counted by it."""
        name, seen = process.specification.name, self._restarts.get(process.specification.name, 0)
        self._restarts[name] = process.restarts
        if process.restarts > seen:
            self._away.add(name)
            return "crashed"
        if process.state == "ready" and name in self._away:
            self._away.remove(name)
            return "back"
        return None


def describe_exit(code: int | None) -> str:
    """A status, or the signal that ended it."""
    return f"signal {-code}" if code is not None and code < 0 else f"status {code}"
