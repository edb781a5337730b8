"""The app factory: every answer has its ids and headers, bodies have a limit, probes tell what they should."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from skillsync_kit import deadline
from skillsync_kit.app import Health, create_app, create_health_app
from skillsync_kit.auth import Person, access
from skillsync_kit.clock import SystemClock
from skillsync_kit.routing import Route
from skillsync_kit.telemetry import current_flow, traceparent
from skillsync_kit.testing import UserPool

LIMIT = 256 * 1024
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
async def client(pool: UserPool, health: Health) -> AsyncIterator[httpx2.AsyncClient]:
    router = APIRouter(route_class=Route)
    row: dict[str, Any] = access(owner=200)

    @router.get("/v1/flow", openapi_extra=row)
    async def flow(by: Person) -> dict[str, Any]:
        remaining = deadline.remaining_seconds(99)
        flow = current_flow()
        return {
            "correlation": flow.correlation_id,
            "causation": flow.causation_id,
            "trace": traceparent(),
            "seconds": remaining,
        }

    @router.post("/v1/length", openapi_extra=row)
    async def length(body: dict[str, Any], by: Person, request: Request) -> int:
        return len(await request.body())

    @router.get("/v1/cached", openapi_extra=row)
    async def cached(by: Person) -> JSONResponse:
        return JSONResponse({}, headers={"Cache-Control": "max-age=60"})

    @router.get("/v1/mistake", openapi_extra=row)
    async def mistake(by: Person) -> None:
        raise RuntimeError("SELECT secret FROM somewhere")

    app = create_app("things", health=health, verifier=pool.verifier(SystemClock()), routers=[router], state={})
    # Mistakes are looked at as the client sees them.
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {pool.token('ann')}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://things.example", headers=headers) as client:
        yield client


PATHS = ["/v1/flow", "/v1/nothing", "/v1/mistake"]


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_names_the_request_and_may_not_be_shared(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"x-request-id": "edge-17"})
    assert answer.headers["x-request-id"] == "edge-17"
    assert answer.headers["cache-control"] == "private, no-cache"
    refused = await client.get(path, headers={"Authorization": ""})
    assert UUID.fullmatch(refused.headers["x-request-id"])
    assert refused.headers["cache-control"] == "private, no-cache"


async def test_a_route_may_say_otherwise_about_caching(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/v1/cached")).headers["cache-control"] == "max-age=60"


@pytest.mark.parametrize(
    "insane", ["", "a b", "x" * 129, '"', "<script>", "é", "a\tb", "a;b", "\u2028".encode().decode("latin-1")]
)
async def test_insane_ids_are_replaced(client: httpx2.AsyncClient, insane: str) -> None:
    headers = [(b"x-request-id", insane.encode("latin-1")), (b"x-correlation-id", insane.encode("latin-1"))]
    answer = await client.get("/v1/flow", headers=headers)
    assert UUID.fullmatch(answer.headers["x-request-id"])
    assert answer.json()["correlation"] == answer.json()["causation"] == answer.headers["x-request-id"]


async def test_work_goes_on_in_the_flow_and_trace_of_its_caller(client: httpx2.AsyncClient) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"x-correlation-id": "flow-1", "x-request-id": "r-1", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    seen = (await client.get("/v1/flow", headers=headers)).json()
    assert (seen["correlation"], seen["causation"]) == ("flow-1", "r-1")
    version, trace_id, span_id, _ = seen["trace"].split("-")
    assert (version, trace_id) == ("00", trace)
    assert span_id != "b7ad6b7169203331"


@pytest.mark.parametrize("parent", [None, "", "garbage", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "ff-" + "a" * 49])
async def test_without_a_readable_parent_a_trace_begins_here(client: httpx2.AsyncClient, parent: str | None) -> None:
    headers = {} if parent is None else {"traceparent": parent}
    first = (await client.get("/v1/flow", headers=headers)).json()["trace"]
    second = (await client.get("/v1/flow", headers=headers)).json()["trace"]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", first)
    assert first.split("-")[1] != second.split("-")[1]


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("1500", 1, 1.5), ("600000", 59, 60), (None, 99, 99), ("soon", 99, 99), ("nan", 99, 99), ("", 99, 99)],
)
async def test_a_deadline_in_a_header_bounds_what_the_request_may_spend(
    client: httpx2.AsyncClient, header: str | None, least: float, most: float
) -> None:
    headers = {} if header is None else {deadline.HEADER: header}
    assert least <= (await client.get("/v1/flow", headers=headers)).json()["seconds"] <= most


@pytest.mark.parametrize("header", ["0", "-5"])
async def test_work_past_its_deadline_is_refused(client: httpx2.AsyncClient, header: str) -> None:
    answer = await client.get("/v1/flow", headers={deadline.HEADER: header})
    assert (answer.status_code, answer.json()["code"]) == (503, "deadline-exceeded")
    assert answer.headers["retry-after"] == "1"


async def test_a_mistake_of_ours_tells_nothing_of_its_cause(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/mistake")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "https://skillsync.example/problems/internal-error",
        "title": "Something went wrong on our side",
        "status": 500,
        "code": "internal-error",
    }


def body_of(size: int) -> bytes:
    return b'{"a":"' + b"x" * (size - 8) + b'"}'


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


@pytest.mark.parametrize("send", [lambda body: body, chunks], ids=["declared", "chunked"])
async def test_a_body_over_the_limit_is_413(client: httpx2.AsyncClient, send: Callable[[bytes], Any]) -> None:
    headers = {"Content-Type": "application/json"}
    at_the_limit = await client.post("/v1/length", content=send(body_of(LIMIT)), headers=headers)
    assert (at_the_limit.status_code, at_the_limit.json()) == (200, LIMIT)
    for size in (LIMIT + 1, 10_000_000):
        over = await client.post("/v1/length", content=send(body_of(size)), headers=headers)
        assert (over.status_code, over.json()["code"]) == (413, "too-large")
        assert over.headers["content-type"] == "application/problem+json"
        assert "x-request-id" in over.headers


async def test_a_lie_about_the_length_does_not_help(client: httpx2.AsyncClient) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": "10"}
    answer = await client.post("/v1/length", content=chunks(body_of(LIMIT + 1)), headers=headers)
    assert answer.status_code == 413


async def test_no_more_is_read_than_the_limit(pool: UserPool, client: httpx2.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 50_000
            yield b"x" * 50_000
            assert read < 10 * LIMIT
            await asyncio.sleep(0)

    headers = {"Content-Type": "application/json"}
    assert (await client.post("/v1/length", content=endless(), headers=headers)).status_code == 413
    assert read <= 2 * LIMIT


async def test_the_probes_tell_that_the_loop_turns_and_whether_work_is_wanted(
    client: httpx2.AsyncClient, health: Health
) -> None:
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 503
    health.is_ready = True
    answer = await client.get("/health/ready")
    told = answer.json()
    assert 0 <= told.pop("uptime_seconds") < 60
    assert (answer.status_code, told) == (200, {"status": "ready", "process": os.getpid()})
    health.is_ready = False
    assert (await client.get("/health/ready")).status_code == 503
    assert (await client.get("/health/live")).status_code == 200


async def test_a_worker_answers_its_probes_and_nothing_else(health: Health) -> None:
    transport = httpx2.ASGITransport(create_health_app(health))
    async with httpx2.AsyncClient(transport=transport, base_url="http://things.example") as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 503
        for path in ("/v1/flow", "/openapi.json", "/docs"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
