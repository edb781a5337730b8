"""Load shedding: what there is no room for is refused before any work, changes go first, and no place is lost."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from fastapi import APIRouter, Request
from starlette.types import ASGIApp, Message

from skillsync_kit import deadline, metrics, shedding
from skillsync_kit.app import Health, create_app
from skillsync_kit.auth import public
from skillsync_kit.clock import SystemClock
from skillsync_kit.routing import Route
from skillsync_kit.testing import UserPool


class Work:
    """What the routes do: begin, and go on when told to."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = asyncio.Event()

    async def do(self, request: Request) -> None:
        self.begun.append(f"{request.method} {request.query_params.get('n', '')}")
        await self.may_end.wait()


class Call:
    """One request, spoken to the app as a server does it."""

    def __init__(self, app: ASGIApp, method: str, path: str, headers: dict[str, str] | None = None) -> None:
        self.to_app: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.reads = asyncio.Event()
        self.reads.set()
        path, _, query = path.partition("?")
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
            "http_version": "1.1",
            "scheme": "http",
            "root_path": "",
            "server": ("things.example", 80),
            "client": ("127.0.0.1", 1),
        }
        self.task = asyncio.create_task(self._run(app, scope))

    async def _run(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        async def send(message: Message) -> None:
            await self.reads.wait()
            self.sent.append(message)

        await app(scope, self.to_app.get, send)

    def body(self, content: bytes = b"", *, more: bool = False) -> "Call":
        """Send a part of the body, by default all of an empty one."""
        self.to_app.put_nowait({"type": "http.request", "body": content, "more_body": more})
        return self

    def goes(self) -> None:
        """The client closes its connection."""
        self.to_app.put_nowait({"type": "http.disconnect"})

    async def status(self) -> int:
        """The answer's status, once it is there."""
        await asyncio.wait_for(self.task, 5)
        status: int = self.sent[0]["status"]
        return status

    def code(self) -> str:
        """The code of the problem answered with."""
        code: str = json.loads(self.sent[1]["body"])["code"]
        return code

    def headers(self) -> dict[str, str]:
        """The answer's headers."""
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def app(pool: UserPool, work: Work, monkeypatch: pytest.MonkeyPatch) -> Iterator[ASGIApp]:
    """An app with one place; one change and two reads may wait, for ever as far as a test can tell."""
    monkeypatch.setattr(shedding, "_AT_WORK", 1)
    monkeypatch.setattr(shedding, "_WAITING", (1, 2))
    monkeypatch.setattr(shedding, "_LONGEST_WAIT_SECONDS", (60, 60))
    router = APIRouter(route_class=Route)

    @router.get("/v1/things", openapi_extra=public())
    async def read(request: Request) -> str:
        await work.do(request)
        return "done"

    @router.post("/v1/things", openapi_extra=public())
    async def change(request: Request) -> int:
        await work.do(request)
        return len(await request.body())

    @router.get("/v1/mistake", openapi_extra=public())
    async def mistake() -> None:
        raise RuntimeError("a mistake")

    with structlog.testing.capture_logs():
        metrics.flush()
        yield create_app("things", health=Health(), verifier=pool.verifier(SystemClock()), routers=[router], state={})


async def settled() -> None:
    """Let everything go on as far as it can."""
    for _ in range(50):
        await asyncio.sleep(0)


def counted(name: str) -> dict[str, Any]:
    """What was counted under this name, by priority."""
    with structlog.testing.capture_logs() as lines:
        metrics.flush()
    return {line.get("priority", ""): line[name] for line in lines if name in line}


async def test_what_there_is_no_room_for_is_refused_before_any_work(app: ASGIApp, work: Work) -> None:
    under_way = [Call(app, "GET", "/v1/things").body() for _ in range(3)]
    await settled()
    # Neither its path nor its token is looked at.
    refused = Call(app, "GET", "/v1/nothing", {"authorization": "Bearer forged"}).body()
    assert (await refused.status(), refused.code()) == (503, "overloaded")
    assert refused.headers()["retry-after"] == "1"
    assert refused.headers()["content-type"] == "application/problem+json"
    assert refused.headers().keys() >= {"x-request-id", "cache-control"}
    assert len(work.begun) == 1
    work.may_end.set()
    assert [await call.status() for call in under_way] == [200, 200, 200]
    assert counted("requests-shed") == {"read": 1}


async def test_probes_always_pass(app: ASGIApp) -> None:
    calls = [Call(app, "GET", "/v1/things").body() for _ in range(3)]
    await settled()
    assert await Call(app, "GET", "/health/live").body().status() == 200
    for call in calls:
        call.task.cancel()


async def test_changes_go_before_reads_that_wait_longer(app: ASGIApp, work: Work) -> None:
    calls = [Call(app, method, f"/v1/things?n={n}").body() for n, method in enumerate(["GET", "GET", "GET", "POST"])]
    await settled()
    too_many = Call(app, "GET", "/v1/things").body()
    assert await too_many.status() == 503
    work.may_end.set()
    for call in calls:
        assert await call.status() == 200
    assert work.begun == ["GET 0", "POST 3", "GET 1", "GET 2"]
    waited = counted("requests-waited")
    assert [len(waited[priority]) for priority in ("change", "read")] == [1, 2]


async def test_a_wait_has_its_limit(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shedding, "_LONGEST_WAIT_SECONDS", (0.02, 0.01))
    first = Call(app, "GET", "/v1/things").body()
    await settled()
    late = [Call(app, method, "/v1/things").body() for method in ("GET", "POST")]
    assert [(await call.status(), call.code()) for call in late] == [(503, "overloaded")] * 2
    assert counted("requests-shed") == {"read": 1, "change": 1}
    first.task.cancel()


@pytest.mark.parametrize("milliseconds", ["0", "20"], ids=["before it came", "while it waits"])
async def test_what_nobody_waits_for_any_more_is_not_begun(app: ASGIApp, work: Work, milliseconds: str) -> None:
    first = Call(app, "GET", "/v1/things").body()
    await settled()
    late = Call(app, "POST", "/v1/things", {deadline.HEADER: milliseconds}).body()
    assert (await late.status(), late.code()) == (503, "deadline-exceeded")
    assert counted("requests-late") == {"change": 1}
    work.may_end.set()
    assert await first.status() == 200
    assert work.begun == ["GET "]


async def test_who_goes_while_waiting_leaves_the_queue(app: ASGIApp, work: Work) -> None:
    first = Call(app, "GET", "/v1/things?n=1").body()
    await settled()
    gone = Call(app, "POST", "/v1/things?n=2").body()
    await settled()
    gone.goes()
    await asyncio.wait_for(gone.task, 5)
    assert gone.sent == []
    # Its place in the queue is free.
    next = Call(app, "POST", "/v1/things?n=3").body()
    await settled()
    work.may_end.set()
    assert [await call.status() for call in (first, next)] == [200, 200]
    assert work.begun == ["GET 1", "POST 3"]


async def test_who_waited_is_heard_to_the_end(app: ASGIApp, work: Work) -> None:
    """An empty body is a message too: taken from the server while it waited, it is there for the route."""
    first = Call(app, "GET", "/v1/things").body()
    await settled()
    waited = Call(app, "POST", "/v1/things").body()
    await settled()
    assert waited.to_app.empty()
    work.may_end.set()
    assert [await call.status() for call in (first, waited)] == [200, 200]


async def test_a_slow_sender_holds_no_place(app: ASGIApp, work: Work) -> None:
    work.may_end.set()
    slow = Call(app, "POST", "/v1/things", {"content-length": "4"}).body(b'"a', more=True)
    await settled()
    assert await Call(app, "GET", "/v1/things").body().status() == 200
    assert await slow.body(b'b"').status() == 200
    assert slow.sent[1]["body"] == b"4"


async def test_a_slow_reader_holds_no_place(app: ASGIApp, work: Work) -> None:
    work.may_end.set()
    slow = Call(app, "GET", "/v1/things")
    slow.reads.clear()
    slow.body()
    await settled()
    assert await Call(app, "GET", "/v1/things").body().status() == 200
    slow.reads.set()
    assert await slow.status() == 200


async def test_a_sender_who_goes_in_the_middle_is_forgotten(app: ASGIApp, work: Work) -> None:
    gone = Call(app, "POST", "/v1/things", {"transfer-encoding": "chunked"}).body(b'"a', more=True)
    gone.goes()
    await asyncio.wait_for(gone.task, 5)
    assert (gone.sent, work.begun) == ([], [])


async def test_a_mistake_or_a_cancelled_request_gives_its_place_back(app: ASGIApp, work: Work) -> None:
    assert await Call(app, "GET", "/v1/mistake").body().status() == 500
    cancelled = Call(app, "GET", "/v1/things").body()
    await settled()
    assert counted("requests-at-work") == {"": 1}
    cancelled.task.cancel()
    await settled()
    work.may_end.set()
    assert await Call(app, "GET", "/v1/things").body().status() == 200
    assert counted("requests-at-work") == {"": 0}
