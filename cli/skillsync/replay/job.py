"""A service's job, run beside its processes: its log lines, as they come, and how it ended."""

import json
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from typing import Any

from skillsync.errors import Problem
from skillsync.local.jobs import read_environment
from skillsync.paths import Paths
from skillsync.supervision.child import launched

STOP_SECONDS = 20.0


class Job:
    """`python -m skillsync_<service>.main <arguments>`. It cannot outlive this process, and Ctrl-C reaches it by us."""

    def __init__(self, paths: Paths, service: str, arguments: Sequence[str]) -> None:
        self._service = service
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            launched((sys.executable, "-m", f"skillsync_{service}.main", *arguments), signal.SIGKILL),
            env=read_environment(paths, service),
            cwd=paths.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def lines(self) -> Generator[dict[str, Any], None, None]:
        """Its log lines, until it ends; on whatever interrupts this, it is stopped first."""
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                try:
                    yield json.loads(line)
                except ValueError:
                    continue
        finally:
            self._stop()

    def end(self, *expected: int) -> int:
        """Its exit status. Raises Problem with its last words when that is none of the expected ones."""
        complaint = self._process.stderr.read() if self._process.stderr else ""
        status = self._process.wait()
        if status in expected:
            return status
        words = [line.strip() for line in complaint.splitlines() if line.strip()]
        raise Problem(words[-1] if words else f"The job of {self._service} ended with status {status}.")

    def _stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
