"""An HTTP server that answers what a test tells it to."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class Answers:
    """`planned` maps (method, path) to the answers to come, (status, body) each; the last one stays.

    `asked` holds (method, path, headers, body) of every request.
    """

    def __init__(self) -> None:
        self.planned: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.url = ""

    def plan(self, method: str, path: str, *answers: tuple[int, Any]) -> None:
        self.planned[method, path] = list(answers)

    def bodies(self, method: str, path: str) -> list[Any]:
        return [body for found, where, _, body in self.asked if (found, where) == (method, path)]

    def next(self, method: str, path: str) -> tuple[int, Any]:
        answers = self.planned.get((method, path), [(404, {"code": "not-planned"})])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def read(body: str) -> Any:
    """JSON, or the text of what is none: a form."""
    try:
        return json.loads(body)
    except ValueError:
        return body


@pytest.fixture
def answers() -> Iterator[Answers]:
    made, lock = Answers(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = read(self.rfile.read(length).decode()) if length else None
            with lock:
                made.asked.append((self.command, self.path, dict(self.headers), body))
                status, content = made.next(self.command, self.path)
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = answer

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()
