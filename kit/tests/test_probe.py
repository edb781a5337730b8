"""The health check of a container, against a server and against none."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from skillsync_kit.probe import is_alive


class Handler(BaseHTTPRequestHandler):
    """Answers /health/live with the server's status."""

    def do_GET(self) -> None:
        status: int = self.server.status if self.path == "/health/live" else 404  # type: ignore[attr-defined]
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield made
        made.shutdown()


@pytest.mark.parametrize(("status", "alive"), [(200, True), (503, False), (500, False)])
def test_it_is_alive_that_says_so(server: HTTPServer, status: int, alive: bool) -> None:
    server.status = status  # type: ignore[attr-defined]
    assert is_alive(server.server_port) is alive


def test_where_nobody_listens_the_exit_status_says_so() -> None:
    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        port = made.server_port
    environment = {"SKILLSYNC_PORT": str(port)}
    command = [sys.executable, "-m", "skillsync_kit.probe"]
    assert subprocess.run(command, env=environment, check=False).returncode == 1  # noqa: S603
