"""A service's process, started for real: its roles, its log, its drain, and how it ends when something is wrong."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from skillsync_kit.testing import UserPool
from skillsync_testing import free_port
from skillsync_testing.ports import is_open

SERVICE = """
import asyncio, logging, os
from pathlib import Path
from fastapi import APIRouter, Request
from sqlalchemy import text
from skillsync_kit import process
from skillsync_kit.app import Health, create_app
from skillsync_kit.auth import Person, access, public
from skillsync_kit.clock import SystemClock
from skillsync_kit.database import Database
from skillsync_kit.process import Parts
from skillsync_kit.routing import Route
from skillsync_kit.settings import Settings
from skillsync_kit.telemetry import log
from skillsync_kit.testing import UserPool

router = APIRouter(route_class=Route)

@router.get("/v1/things/{id}", openapi_extra=public())
async def read(id: str):
    return {"id": id}

@router.get("/v1/held", openapi_extra=public())
async def held():
    log.info("held")
    return await asyncio.to_thread(Path(os.environ["GATE"]).read_text)

@router.get("/v1/mistake", openapi_extra=public())
async def mistake(request: Request):
    address, token = request.query_params["q"], request.headers["authorization"]
    async def work(unit):
        statement = text("INSERT INTO people VALUES (:address)")
        await unit.connection.execute(statement, {"address": address})
        await unit.connection.execute(statement, {"address": address})
    await request.app.state.database.run(work)

@router.get("/v1/warning", openapi_extra=public())
async def warning():
    try:
        raise ValueError("several\\nlines \\u2028 \\x1b[31m")
    except ValueError:
        logging.getLogger("library").warning("a %s warning", "library's", exc_info=True)

async def loop(name, stopping):
    if os.environ.get("DIES") == name:
        raise RuntimeError("loop died")
    if os.environ.get("ENDS") == name:
        return
    await stopping.wait()
    if os.environ.get("HANGS") == name:
        await asyncio.Event().wait()
    log.info(f"{name} stopped")

async def build(stack, settings):
    database = Database(settings.database_url)
    stack.push_async_callback(database.close)
    async def warm():
        if "COLD" in os.environ:
            log.info("cold")
            await asyncio.Event().wait()
        async def work(unit):
            await unit.connection.execute(text("CREATE TABLE IF NOT EXISTS people (address VARCHAR(90) PRIMARY KEY)"))
        await database.run(work)
    health = Health()
    app = create_app("things", health=health, verifier=UserPool().verifier(SystemClock()), routers=[router],
                     state={"database": database})
    return Parts(app, health, worker_loops=(lambda s: loop("worker", s),), relay_loops=(lambda s: loop("relay", s),),
                 warm=(warm,))

process.run("things", Settings, build)
"""


class Service:
    """A running process, and the log lines it has printed so far."""

    def __init__(
        self, directory: Path, *arguments: str, listener: socket.socket | None = None, **environment: str
    ) -> None:
        self.port = int(environment.get("SKILLSYNC_PORT", "0")) or free_port()
        handed_down: list[int] = []
        if listener is not None:
            self.port, handed_down = listener.getsockname()[1], [listener.fileno()]
            environment["SKILLSYNC_LISTENER"] = str(listener.fileno())
        script = directory / "service.py"
        script.write_text(SERVICE)
        settings = {
            "SKILLSYNC_PORT": str(self.port),
            "SKILLSYNC_DATABASE_URL": f"sqlite+aiosqlite:///{directory}/things.sqlite",
            "SKILLSYNC_TOKEN_ISSUER": "https://issuer.example",
            "SKILLSYNC_JWKS_URL": "https://issuer.example/keys",
            "SKILLSYNC_WEB_CLIENT_ID": "web",
        }
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(script), *arguments],
            env={"PATH": os.environ["PATH"], **settings, **environment},
            pass_fds=handed_down,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = f"http://127.0.0.1:{self.port}"
        self.lines: list[dict[str, Any]] = []
        self.raw = ""
        self.errors = ""
        self._changed = threading.Condition()
        self._readers = [threading.Thread(target=read) for read in (self._read_lines, self._read_errors)]
        for reader in self._readers:
            reader.start()

    def _read_lines(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.raw += line
                self.lines.append(json.loads(line))
                self._changed.notify_all()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()

    def wait_for(self, event: str) -> None:
        """Wait for a log line; fails after 20 s."""
        with self._changed:
            assert self._changed.wait_for(lambda: event in self.events(), 20), (self.raw, self.errors)

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines]

    def end(self) -> int:
        """The exit status, once it has ended by itself."""
        status = self.process.wait(30)
        for reader in self._readers:
            reader.join(10)
        return status

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


Start = Callable[..., Service]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    services: list[Service] = []

    def start(*arguments: str, listener: socket.socket | None = None, **environment: str) -> Service:
        services.append(Service(tmp_path, *arguments, listener=listener, **environment))
        return services[-1]

    yield start
    for service in services:
        service.stop()


async def test_at_sigterm_it_fails_readiness_serves_on_finishes_what_it_has_and_ends_with_0(
    start: Start, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    service = start("all", SKILLSYNC_DRAIN_SECONDS="0.7", GATE=str(gate))
    await asyncio.to_thread(service.wait_for, "ready")
    async with httpx2.AsyncClient(base_url=service.url, timeout=30) as client:
        assert (await client.get("/health/ready")).status_code == 200
        in_flight = asyncio.create_task(client.get("/v1/held"))
        await asyncio.to_thread(service.wait_for, "held")
        service.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(service.wait_for, "draining")
        # New connections are still accepted, and served: the load balancer has not noticed yet.
        async with httpx2.AsyncClient(base_url=service.url) as newcomer:
            assert (await newcomer.get("/health/ready")).status_code == 503
            assert (await newcomer.get("/health/live")).status_code == 200
            assert (await newcomer.get("/v1/things/1")).status_code == 200
        async with asyncio.timeout(20):
            while is_open(service.port):
                await asyncio.to_thread(is_open, service.port)
        # Nobody is let in any more, and the one request in hand is still worked on.
        assert service.process.poll() is None
        assert not in_flight.done()
        await asyncio.to_thread(gate.write_text, "open")
        answer = await in_flight
    assert (answer.status_code, answer.json()) == (200, "open")
    assert await asyncio.to_thread(service.end) == 0
    assert service.errors == ""
    told = service.events()
    assert told[-1] == "stopped"
    # No more work is taken in from the start of the drain on; the relay outlives the last request.
    assert told.index("draining") < told.index("worker stopped") < told.index("relay stopped")
    requests = [n for n, line in enumerate(service.lines) if line.get("route") == "/v1/held"]
    assert told.index("worker stopped") < requests[0] < told.index("relay stopped")


def test_in_the_drain_each_answer_tells_its_connection_to_end_and_an_unused_one_stays_open(start: Start) -> None:
    service = start("api", SKILLSYNC_DRAIN_SECONDS="2")
    service.wait_for("ready")
    used, unused = connect(service.port), connect(service.port)
    assert ask(used) == ask(unused) == (200, None)
    service.process.send_signal(signal.SIGTERM)
    service.wait_for("draining")
    assert ask(used) == (200, "close")
    assert used.sock is None, "the client was told, and closed it"
    # Whoever comes now is served as well, once.
    assert ask(connect(service.port)) == (200, "close")
    assert ask(unused) == (200, "close")
    assert service.end() == 0


def test_a_second_sigterm_changes_nothing(start: Start) -> None:
    service = start("all", SKILLSYNC_DRAIN_SECONDS="1")
    service.wait_for("ready")
    service.process.send_signal(signal.SIGTERM)
    service.wait_for("draining")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        service.process.send_signal(number)
    assert ask(connect(service.port)) == (200, "close")
    assert service.end() == 0
    assert service.errors == ""
    assert service.events()[-1] == "stopped"


def test_one_that_was_never_ready_ends_at_once(start: Start) -> None:
    service = start("all", COLD="1", SKILLSYNC_DRAIN_SECONDS="0")
    service.wait_for("cold")
    service.process.send_signal(signal.SIGTERM)
    assert service.end() == 0
    assert "ready" not in service.events()
    assert service.errors == ""


def test_a_loop_that_does_not_end_is_cut_off(start: Start) -> None:
    service = start("all", HANGS="relay")
    service.wait_for("ready")
    service.process.send_signal(signal.SIGTERM)
    assert service.end() == 0
    assert "cut off at the end" in service.events()
    assert service.errors == ""


def test_two_processes_take_turns_at_an_inherited_listener_and_nobody_is_refused(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        waiting = connect(port)
        waiting.request("GET", "/v1/things/1")
        # Long enough to fail the test, if anything waited for it: there is nobody to wait for.
        first = start("api", listener=listener, SKILLSYNC_DRAIN_SECONDS="60")
        assert waiting.getresponse().status == 200, "it waited for the first process in the backlog"
        waiting.close()
        assert answering(port) == first.process.pid
        second = start("api", listener=listener, SKILLSYNC_DRAIN_SECONDS="60")
        second.wait_for("ready")
        kept = kept_by(first.process.pid, port)
        first.process.send_signal(signal.SIGTERM)
        first.wait_for("draining")
        assert ask(kept) == (200, "close"), "what it has it serves, and lets go of"
        assert first.end() == 0
        assert {answering(port) for _ in range(20)} == {second.process.pid}
        second.process.send_signal(signal.SIGTERM)
        assert second.end() == 0
        waiting = connect(port)
        waiting.request("GET", "/v1/things/1")
        third = start("api", listener=listener)
        assert waiting.getresponse().status == 200, "it waited for the third"
        third.stop()


def test_a_listener_that_is_none_is_one_line_and_status_2(start: Start) -> None:
    service = start("api", SKILLSYNC_LISTENER="57")
    assert service.end() == 2
    assert service.errors == "things: cannot listen on file descriptor 57: Bad file descriptor\n"
    with socket.socket() as no_listener:
        no_listener.bind(("127.0.0.1", 0))
        service = start("api", listener=no_listener)
        assert service.end() == 2
    assert service.errors.endswith(": this is no listening socket\n")


def connect(port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.connect()
    return connection


def ask(connection: http.client.HTTPConnection, path: str = "/v1/things/1") -> tuple[int, str | None]:
    """The status, and what the answer says of the connection."""
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers["connection"]


def answering(port: int) -> int:
    """The process that answers at a port."""
    return int(httpx2.get(f"http://127.0.0.1:{port}/health/ready", timeout=20).json()["process"])


def kept_by(pid: int, port: int) -> http.client.HTTPConnection:
    """A connection that this one of several processes has accepted."""
    while True:
        connection = connect(port)
        connection.request("GET", "/health/ready")
        if json.load(connection.getresponse())["process"] == pid:
            return connection
        connection.close()


def test_the_log_is_json_that_holds_no_token_address_or_query(start: Start, pool: UserPool) -> None:
    service = start("api")
    service.wait_for("ready")
    token, address = pool.token("ann"), "ann@mail.example"
    headers = {"Authorization": f"Bearer {token}", "x-request-id": "r-1", "x-correlation-id": "c-1"}
    trace = "0af7651916cd43dd8448eb211c80319c"
    with httpx2.Client(base_url=service.url, headers=headers) as client:
        parent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        assert client.get(f"/v1/things/{address}?q={address}", headers=parent).status_code == 200
        mistake = client.get(f"/v1/mistake?q={address}")
        assert (mistake.status_code, mistake.headers["x-request-id"]) == (500, "r-1")
        assert client.get("/v1/warning").status_code == 200
        assert client.get(f"/no/such/{address}").status_code == 404
        assert client.get("/health/live").status_code == 200
    service.process.send_signal(signal.SIGINT)
    assert service.end() == 0
    assert service.errors == ""
    for secret in (token, token.split(".")[1], "mail.example", "\x1b", "\u2028"):
        assert secret not in service.raw
    requests = [line for line in service.lines if line["event"] == "request"]
    assert [(line["route"], line["status"]) for line in requests] == [
        ("/v1/things/{id}", 200),
        ("/v1/mistake", 500),
        ("/v1/warning", 200),
        ("none", 404),
    ]
    assert all(
        (line["request_id"], line["correlation_id"], line["method"]) == ("r-1", "c-1", "GET") for line in requests
    )
    assert all(line["process"] == "things" and line["timestamp"].endswith("Z") for line in service.lines)
    assert requests[0]["trace_id"] == trace
    [mistaken] = [line for line in service.lines if line["event"] == "unhandled error"]
    assert (mistaken["error"], mistaken["correlation_id"]) == ("IntegrityError", "c-1")
    assert "IntegrityError" in json.dumps(mistaken["exception"])
    assert [line["level"] for line in service.lines if line["event"] == "a library's warning"] == ["warning"]


def test_a_worker_answers_its_probes_and_nothing_else(start: Start) -> None:
    worker = start("worker")
    worker.wait_for("ready")
    with httpx2.Client(base_url=worker.url) as client:
        assert client.get("/health/ready").status_code == 200
        assert client.get("/v1/things/1").status_code == 404
    worker.process.send_signal(signal.SIGTERM)
    assert worker.end() == 0
    assert {line["process"] for line in worker.lines} == {"things-worker"}
    assert {"worker stopped", "relay stopped"} <= set(worker.events())


def test_an_api_takes_no_messages(start: Start) -> None:
    api = start("api")
    api.wait_for("ready")
    api.process.send_signal(signal.SIGTERM)
    assert api.end() == 0
    assert "worker stopped" not in api.events()
    assert "relay stopped" in api.events()


@pytest.mark.parametrize("how", ["DIES", "ENDS"])
@pytest.mark.parametrize("loop", ["worker", "relay"])
def test_a_loop_that_ends_takes_the_process_with_it(start: Start, how: str, loop: str) -> None:
    service = start("all", **{how: loop})
    assert service.end() not in {0, 2}
    assert "loop" in service.errors


def test_a_busy_port_is_one_line_and_status_2(start: Start) -> None:
    first = start("api")
    first.wait_for("ready")
    second = start("api", SKILLSYNC_PORT=str(first.port))
    assert second.end() == 2
    [line] = second.errors.splitlines()
    assert line.startswith(f"things: cannot listen on 127.0.0.1:{first.port}: Address already in use")
    assert second.raw == ""


@pytest.mark.parametrize("arguments", [["both"], ["api", "worker"], ["--help"]])
def test_a_role_that_does_not_exist_is_one_line_and_status_2(start: Start, arguments: list[str]) -> None:
    service = start(*arguments)
    assert service.end() == 2
    assert service.errors == "things: say which role to run: all, api, worker\n"


def test_a_missing_setting_is_one_line_and_status_2(start: Start) -> None:
    service = start("api", SKILLSYNC_CACHE_URL="nonsense")
    assert service.end() == 2
    assert len(service.errors.splitlines()) == 1
    assert service.errors.startswith("SKILLSYNC_CACHE_URL: ")
