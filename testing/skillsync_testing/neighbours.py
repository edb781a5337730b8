"""What a service needs around it, without the rest of the system: a user pool, and a users service."""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from skillsync_testing.ports import HOST

__all__ = ["Neighbours"]


class Neighbours:
    """A stub over HTTP: `/jwks.json` has one key, and `/v1/users?id=…` knows everybody, all of them active.

    The users service can be made slow or unreliable; the keys are always there. Workers are granted a token of the
    scopes they ask for; mails reach those of `reachable` alone, the others are gone.
    """

    def __init__(self, key: Mapping[str, Any], worker_token: Callable[..., str] = lambda *_: "") -> None:
        """`key` is the public JWK that verifies the tokens; `worker_token` signs one with these scopes."""
        self._server = _Server(key, worker_token)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The address of the users service, and of the keys under `/jwks.json`."""
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def users_asked(self) -> int:
        """How often the users service was asked so far."""
        return self._server.asked

    @property
    def reachable(self) -> set[str]:
        """The ids of those who have an address; a test adds to them."""
        return self._server.reachable

    def behave(self, *, delay_seconds: float = 0, refused_of_ten: int = 0) -> None:
        """Let the users service take so long from now on, and answer so many of ten requests with 503.

        What it takes its time over at this moment is answered now.
        """
        server, before = self._server, self._server.changed
        server.delay_seconds, server.refused_of_ten, server.changed = delay_seconds, refused_of_ten, threading.Event()
        before.set()

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.changed.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, key: Mapping[str, Any], worker_token: Callable[..., str]) -> None:
        super().__init__((HOST, 0), _Answers)
        self.key = key
        self.worker_token = worker_token
        self.reachable: set[str] = set()
        self.changed = threading.Event()
        self.delay_seconds, self.refused_of_ten = 0.0, 0
        self.asked = 0
        self._counting = threading.Lock()

    def count(self) -> int:
        """Count a request to the users service; the number of this one."""
        with self._counting:
            self.asked += 1
            return self.asked

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over a client that was killed in mid-request: that is the test's doing. Show anything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        match address.path:
            case "/jwks.json":
                self._answer(200, {"keys": [self.server.key]})
            case "/v1/users":
                # A stride of seven spreads the refusals over each ten.
                is_refused = self.server.count() * 7 % 10 < self.server.refused_of_ten
                self.server.changed.wait(self.server.delay_seconds)
                if is_refused:
                    self._answer(503, {})
                else:
                    self._answer(200, {"items": [_person(id) for id in parse_qs(address.query).get("id", [])]})
            case path if path.startswith("/internal/users/") and path.split("/")[3] in self.server.reachable:
                self._answer(200, _contact(path.split("/")[3]))
            case _:
                self._answer(404, {})

    def do_POST(self) -> None:
        """The token endpoint of the pool."""
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        token = self.server.worker_token(*asked["scope"][0].split())
        self._answer(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the output belongs to the tests."""

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _contact(id: str) -> dict[str, str]:
    return {**_person(id), "email": f"{id}@members.skillsync.example", "locale": "en", "time_zone": "UTC"}


def _person(id: str) -> dict[str, str]:
    name = id[-4:]
    return {"id": id, "first_name": "Given", "last_name": name, "display_name": f"G. {name}", "status": "active"}
