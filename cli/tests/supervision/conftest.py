"""Fake processes to supervise, and an observer that wakes a test at every change of state."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from skillsync.supervision.process import SupervisedProcess
from skillsync.supervision.specification import Kind, Pace, Specification
from skillsync.supervision.supervisor import Supervisor

SCRIPT = Path(__file__).with_name("fake_process.py")
QUICK = Pace(starting_interval_seconds=0.02, ready_interval_seconds=0.02, probe_timeout_seconds=0.5)
DEADLINE_SECONDS = 20.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Fakes:
    """Makes specifications of fake processes, all writing to one journal, and watches those that run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._journal = directory / "journal"
        self._changes = asyncio.Condition()
        self.pids: list[int | None] = []
        self.states: list[tuple[str, str]] = []
        self._waking: set[asyncio.Task[None]] = set()

    def specification(
        self,
        name: str,
        *behaviours: str,
        kind: Kind = "service",
        stop_seconds: float = 10.0,
        death_signal: signal.Signals = signal.SIGKILL,
        handed_down: bool = False,
    ) -> Specification:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        return Specification(
            name=name,
            kind=kind,
            command=(sys.executable, "-S", str(SCRIPT), str(port), str(self._journal), name, *behaviours),
            environment=dict(os.environ),
            url=url,
            ready_url=f"{url}/ready",
            live_url=f"{url}/live",
            log_file=self.directory / f"{name}.log",
            directory=self.directory,
            marker=SCRIPT.name,
            stop_seconds=stop_seconds,
            death_signal=death_signal,
            port=port if handed_down else None,
        )

    def fail_from_now_on(self, words: str) -> None:
        """Let every fake that is started say this, and end with 1."""
        self._journal.with_name("journal.words").write_text(words)

    def answer_with(self, status: int) -> None:
        """What every fake answers from now on."""
        self._journal.with_name("journal.status").write_text(str(status))

    def journal(self) -> list[str]:
        return self._journal.read_text().splitlines() if self._journal.exists() else []

    def changed(self, process: SupervisedProcess) -> None:
        self.states.append((process.specification.name, process.state))
        self.pids.append(process.pid)
        task = asyncio.ensure_future(self._wake())
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition that a change of state brings about."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._changes:
            await self._changes.wait_for(condition)

    async def _wake(self) -> None:
        async with self._changes:
            self._changes.notify_all()


@pytest.fixture
def fakes(tmp_path: Path) -> Fakes:
    return Fakes(tmp_path)


@pytest.fixture
async def supervisor(fakes: Fakes) -> AsyncIterator[Supervisor]:
    """A supervisor that is drained after the test."""
    made = Supervisor(fakes.changed, pace=QUICK)
    yield made
    await made.drain()
