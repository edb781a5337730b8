"""One service as two processes of the operating system over one database, as production runs it.

What a race between two processes does is only seen with two processes: two connection pools, two caches, two event
loops, and a database between them that alone decides who was first.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from skillsync_testing.ports import HOST
from skillsync_testing.server import Server, ServerError, stop_all

__all__ = ["Retry", "ServiceProcess", "TwoProcesses"]

Role = Literal["all", "api", "worker"]


@dataclass(frozen=True)
class Retry:
    """A unit of work, or a call, began again: what made it, and the how many-th time it was for the same request."""

    cause: str
    number: int


class ServiceProcess(Server):
    """`python -m skillsync_<service>.main <role>`, with the settings of `environment`."""

    def __init__(self, directory: Path, service: str, role: Role, environment: Mapping[str, str]) -> None:
        """Choose a port; `directory` is made."""
        directory.mkdir()
        super().__init__(directory)
        self.name = f"{service}-{role}"
        self._command = [sys.executable, "-m", f"skillsync_{service}.main", role]
        self._environment = environment
        self._service = service
        self._failpoints = directory / "failpoints"

    @property
    def url(self) -> str:
        """The address it answers at."""
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        """Return the service's own command line."""
        return self._command

    def environment(self) -> Mapping[str, str]:
        """Return our environment without anybody's settings, and those of this process."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SKILLSYNC_"))}
        own = {"HOST": HOST, "PORT": str(self.port), "FAILPOINTS": str(self._failpoints)}
        return {**ours, **self._environment, **{f"SKILLSYNC_{name}": value for name, value in own.items()}}

    def is_ready(self) -> bool:
        """Tell whether the readiness probe is answered with 200."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def arm(self, point: str) -> None:
        """Let it be killed by SIGKILL when it next passes the failpoint `point`."""
        self._armed(point).touch()

    def disarm(self, point: str) -> None:
        """Let it live on after all; does nothing when it was killed already."""
        self._armed(point).unlink(missing_ok=True)

    def is_armed(self, point: str) -> bool:
        """Whether it has not been killed there yet."""
        return self._armed(point).exists()

    @property
    def has_ended(self) -> bool:
        """Whether it was killed, or ended by itself, since it was started."""
        return self._process is None or self._process.poll() is not None

    def _armed(self, point: str) -> Path:
        return self._failpoints / "armed" / f"{self._service}.{point}"


class TwoProcesses:
    """Two processes of role `api`, and as many of role `worker` as asked for, all with the same settings."""

    def __init__(self, directory: Path, service: str, environment: Mapping[str, str], *, workers: int = 0) -> None:
        """Nothing runs before `start`. `environment` has the service's settings, as SKILLSYNC_<NAME>, and AWS's."""
        roles: list[Role] = ["api", "api"]
        roles += ["worker"] * workers
        self.processes = [
            ServiceProcess(directory / f"{service}-{number}", service, role, environment)
            for number, role in enumerate(roles, start=1)
        ]

    @property
    def apis(self) -> list[ServiceProcess]:
        """The two that serve HTTP."""
        return self.processes[:2]

    def start(self) -> None:
        """Start all at once and wait until each is ready."""
        for process in self.processes:
            process.spawn()
        for process in self.processes:
            try:
                process.wait_until_ready()
            except ServerError:
                # Somebody took its port in the meantime; if it is something else, this says so.
                process.start_on_a_free_port()

    def stop(self) -> None:
        """Drain all."""
        stop_all(self.processes)

    def begun_again(self) -> list[Retry]:
        """Every time that a unit of work began again so far, as the processes' logs tell it."""
        return [retry for process in self.processes for retry in _retries(process.log_path)]


def _retries(log: Path) -> Iterator[Retry]:
    for line in log.read_text(errors="replace").splitlines():
        if '"stamina.retry_scheduled"' in line:
            told = json.loads(line)
            yield Retry(_cause(told["caused_by"]), told["retry_num"])


def _cause(error: str) -> str:
    for code, name in (("1213", "deadlock"), ("1205", "lock wait"), ("1020", "snapshot conflict")):
        if f"({code}," in error:
            return name
    return "changed meanwhile" if "ChangedMeanwhile" in error else "another cause"
