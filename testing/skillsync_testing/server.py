"""A server process that a test session owns: started on a free port, waited for, stopped by its pid."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from skillsync_testing.ports import free_port, is_open

START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
START_ATTEMPTS = 3
LOG_TAIL_LINES = 15


class ServerError(RuntimeError):
    """A private server is not installed, or did not start; the message says which, and what its log says."""


class Server:
    """A child process on one port; a subclass gives its command and says when it is ready.

    `directory` holds its data and its log. `kill` then `start` is a crash and a recovery on the same port and data.
    """

    name = "server"

    def __init__(self, directory: Path) -> None:
        """Choose a port; nothing runs before `start`."""
        self.directory = directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return the program and its arguments, for the port of the moment."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the process."""
        return os.environ

    def is_ready(self) -> bool:
        """Tell whether the server answers; asked every few milliseconds while it starts."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """The process id; raise ServerError when it does not run."""
        if self._process is None:
            raise ServerError(f"{self.name} does not run")
        return self._process.pid

    @property
    def log_path(self) -> Path:
        """The file that has what the process printed."""
        return self.directory / f"{self.name}.log"

    def start(self) -> None:
        """Start and wait until ready; raise ServerError with the end of the log when that fails."""
        self._launch()

    def start_on_a_free_port(self) -> None:
        """Start, on another port when somebody took the chosen one in the meantime."""
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                return self._launch()
            except ServerError:
                if attempt == START_ATTEMPTS:
                    raise
                self.port = free_port()
        return None

    def ask_to_stop(self) -> None:
        """Ask the process to end, and wait for nothing; `stop` does that."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """Ask the process to end, wait for it, and kill it when it does not listen. Does nothing when it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End the process at once (SIGKILL), as a crash does; its data stays."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def spawn(self) -> None:
        """Start without waiting. From the main thread alone: the kernel ends a child when the thread it is of ends."""
        # A stranger's server would answer as ours does, and tests would run against it.
        if is_open(self.port):
            raise ServerError(f"{self.name}: somebody listens on port {self.port} already")
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the commands are the subclasses' own
                _ending_with_the_parent(self.command()),
                cwd=self.directory,
                env=dict(self.environment()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        """Wait until what was spawned is ready; raise ServerError with the end of the log when that fails."""
        process = self._process
        if process is None:
            raise ServerError(f"{self.name} does not run")
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None:
            if self.is_ready():
                return
            if time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"{self.name} was not ready after {START_SECONDS:.0f} s\n{self._log_tail()}")
            time.sleep(POLL_SECONDS)
        self._process = None
        raise ServerError(f"{self.name} ended with status {process.returncode}\n{self._log_tail()}")

    def _launch(self) -> None:
        self.spawn()
        self.wait_until_ready()

    def _log_tail(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])


def stop_all(servers: Iterable[Server]) -> None:
    """Stop them, each draining beside the others: who waits for messages needs seconds to end."""
    servers = list(servers)
    for server in servers:
        server.ask_to_stop()
    for server in servers:
        server.stop()


def find_program(*names: str, package: str) -> str:
    """Return the path of the first of these programs; raise ServerError that names the Debian package to install."""
    search_path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    for name in names:
        found = shutil.which(name, path=search_path)
        if found is not None:
            return found
    raise ServerError(f"{names[0]} is not installed: `make test` installs it, or: apt-get install {package}")


def _ending_with_the_parent(command: list[str]) -> list[str]:
    """Let the kernel end the server when the test session dies without a chance to stop it (SIGKILL)."""
    setpriv = shutil.which("setpriv")
    return command if setpriv is None else [setpriv, "--pdeathsig", "KILL", "--", *command]
