"""A private Redis, without persistence."""

import socket

from skillsync_testing.ports import HOST
from skillsync_testing.server import Server, find_program


class Redis(Server):
    """Redis on 127.0.0.1; keeps nothing on disk, so a crash empties it."""

    name = "redis"

    @property
    def url(self) -> str:
        """The URL of database 0: `redis://127.0.0.1:<port>/0`."""
        return f"redis://{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        """Return redis-server with saving and append-only file off."""
        program = find_program("redis-server", package="redis-server")
        arguments = {"port": str(self.port), "bind": HOST, "save": "", "appendonly": "no", "dir": str(self.directory)}
        return [program, *(word for name, value in arguments.items() for word in (f"--{name}", value))]

    def is_ready(self) -> bool:
        """Tell whether PING is answered."""
        try:
            return self._send("PING") == "+PONG"
        except OSError:
            return False

    def flush(self) -> None:
        """Delete every key of every database."""
        self._send("FLUSHALL")

    def _send(self, command: str) -> str:
        """Send one inline command and return the first line of the answer."""
        with socket.create_connection((HOST, self.port), timeout=2) as connection:
            connection.sendall(f"{command}\r\n".encode())
            with connection.makefile("r") as answer:
                return answer.readline().strip()
