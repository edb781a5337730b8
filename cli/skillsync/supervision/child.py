"""One life of a process: started under the launcher, signalled as a group, waited for."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from skillsync.supervision import logfile
from skillsync.supervision.listener import Listener
from skillsync.supervision.specification import Specification

LAUNCHER = Path(__file__).with_name("launcher.py")


def launched(command: tuple[str, ...], death_signal: signal.Signals) -> tuple[str, ...]:
    """The command with the launcher before it, which ties its life to that of this process."""
    launcher = (sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(death_signal)))
    return (*launcher, *command)


class Child:
    """A started process, leader of a session and group of its own, so that Ctrl-C reaches the supervisor alone."""

    def __init__(self, process: asyncio.subprocess.Process, stop_seconds: float) -> None:
        self._process = process
        self._stop_seconds = stop_seconds

    @classmethod
    async def start(cls, specification: Specification, listener: Listener | None = None) -> "Child":
        """Output goes to the log file, input comes from nowhere; the listener is handed down."""
        logfile.rotate(specification.log_file)
        output = logfile.open_for_child(specification.log_file)
        try:
            process = await asyncio.create_subprocess_exec(
                *launched(specification.command, specification.death_signal),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**specification.environment, **(listener.environment if listener else {})},
                pass_fds=(listener.descriptor,) if listener else (),
                cwd=specification.directory,
                start_new_session=True,
            )
        finally:
            os.close(output)
        return cls(process, specification.stop_seconds)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Its exit status, negative when a signal ended it."""
        return await self._process.wait()

    async def end(self) -> None:
        """SIGTERM; SIGKILL to the whole group when that was not enough in time. Returns when it is gone."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._stop_seconds):
                await self.wait()
        except TimeoutError:
            self.kill()
            await self.wait()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        # Once it was waited for, its pid may be a stranger's.
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)
