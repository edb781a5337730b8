"""`skillsync logs`: the tails of the log files, merged by time, and what comes after."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from skillsync.errors import Problem
from skillsync.paths import Paths
from skillsync.views.logline import LogLine

POLL_SECONDS = 0.2
TAIL_BYTES = 2_000_000


def show_logs(paths: Paths, process: str, *, follow: bool, lines: int, raw: bool) -> None:
    """Print the last lines; with `follow`, go on until Ctrl-C. Raises Problem for a process without a log."""
    known = {file.stem: file for file in sorted(paths.logs.glob("*.log"))}
    if process and process not in known:
        raise Problem(f"There is no log of '{process}'. There are: {', '.join(known) or 'none yet'}.")
    files = {process: known[process]} if process else known
    console = Console(soft_wrap=True)
    tails = [Tail(name, file) for name, file in files.items()]
    past = sorted((line for tail in tails for line in tail.past(lines)), key=lambda pair: pair[0])
    for _, line in past[len(past) - lines :] if lines < len(past) else past:
        show(console, line, raw=raw)
    while follow:
        fresh = [line for tail in tails for line in tail.fresh()]
        for line in fresh:
            show(console, line, raw=raw)
        if not fresh:
            time.sleep(POLL_SECONDS)


def show(console: Console, line: LogLine, *, raw: bool) -> None:
    if raw:
        sys.stdout.write(f"{line.raw}\n")
        sys.stdout.flush()
    else:
        console.print(line.readable(), highlight=False)


class Tail:
    """A log file being read while it is written, emptied and written again."""

    def __init__(self, process: str, file: Path) -> None:
        self._process = process
        self._file = file
        self._offset = 0
        self._rest = b""

    def past(self, lines: int) -> list[tuple[str, LogLine]]:
        """The last lines with the moment they belong to: their own, else that of the line before."""
        self._offset = max(0, self._file.stat().st_size - TAIL_BYTES)
        found, moment = [], ""
        for line in self.fresh():
            moment = line.moment or moment
            found.append((moment, line))
        return found[-lines:] if lines else []

    def fresh(self) -> Iterator[LogLine]:
        """Whole lines written since the last call."""
        if self._file.stat().st_size < self._offset:
            self._offset, self._rest = 0, b""
        with self._file.open("rb") as stream:
            stream.seek(self._offset)
            content = stream.read()
        self._offset += len(content)
        *whole, self._rest = (self._rest + content).split(b"\n")
        for line in whole:
            yield LogLine.read(self._process, line.decode(errors="replace"))
