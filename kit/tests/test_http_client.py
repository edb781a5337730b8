"""Calls to another service, against a real server on this machine: retries, deadlines and what travels along."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx2
import pytest
import structlog

from skillsync_kit import deadline, metrics, telemetry
from skillsync_kit.clock import monotonic_seconds
from skillsync_kit.errors import DeadlineExceeded, DependencyUnavailable
from skillsync_kit.http_client import ServiceClient, TokenRefused
from skillsync_kit.retry_budget import RESERVE
from skillsync_testing import free_port

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, body: bytes = b'{"ok":true}', **headers: str) -> Answer:
    async def write(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return write


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def stay_silent(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def trickle(writer: asyncio.StreamWriter) -> None:
    """Each byte comes soon after the one before, and they never end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


@dataclass
class Other:
    """The other service: gives its answers in turn, the last one for ever, and remembers what it was asked."""

    answers: list[Answer] = field(default_factory=lambda: [answer(200)])
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
            self.requests.append((lines[0], headers))
            await self.answers[min(len(self.requests), len(self.answers)) - 1](writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def other() -> AsyncIterator[Other]:
    other = Other()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await other.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    other.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield other
    server.close()
    for task in tasks:
        task.cancel()


@pytest.fixture
async def client(other: Other) -> AsyncIterator[ServiceClient]:
    async with httpx2.AsyncClient(follow_redirects=False) as http:
        yield ServiceClient(http, "users", other.url + "/", timeout_seconds=0.3)


async def test_an_answer_is_its_json(client: ServiceClient, other: Other) -> None:
    query = [("id", "a"), ("id", "b&c")]
    assert await client.get("/v1/users", "token-1", query=query) == {"ok": True}
    [(line, headers)] = other.requests
    assert line == "GET /v1/users?id=a&id=b%26c HTTP/1.1"
    assert headers["authorization"] == "bearer token-1"
    assert headers[deadline.HEADER] == "300"
    assert "x-correlation-id" not in headers


@pytest.mark.parametrize("trouble", [answer(429), answer(502), answer(503), answer(504), hang_up, stay_silent])
async def test_a_passing_trouble_is_retried(client: ServiceClient, other: Other, trouble: Answer) -> None:
    other.answers = [trouble, trouble, answer(200)]
    assert await client.get("/x", "t") == {"ok": True}
    assert len(other.requests) == 3


@pytest.mark.parametrize("trouble", [answer(503), hang_up])
async def test_there_are_at_most_three_attempts(client: ServiceClient, other: Other, trouble: Answer) -> None:
    other.answers = [trouble]
    with pytest.raises(DependencyUnavailable, match="The users service does not answer"):
        await client.get("/x", "t")
    assert len(other.requests) == 3


@pytest.mark.parametrize("status", [301, 400, 403, 404, 409, 422, 500, 501])
async def test_what_repeating_does_not_mend_is_not_retried(client: ServiceClient, other: Other, status: int) -> None:
    other.answers = [answer(status, location="http://evil.example/")]
    with pytest.raises(DependencyUnavailable, match=str(status)):
        await client.get("/x", "t")
    assert len(other.requests) == 1


async def test_a_refused_token_is_told_apart(client: ServiceClient, other: Other) -> None:
    other.answers = [answer(401)]
    with pytest.raises(TokenRefused):
        await client.get("/x", "t")
    assert len(other.requests) == 1


async def test_a_missing_thing_may_be_none(client: ServiceClient, other: Other) -> None:
    other.answers = [answer(404)]
    assert await client.get("/x", "t", missing_is_none=True) is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"{"])
async def test_an_answer_that_is_no_json_is_the_other_sides_fault(
    client: ServiceClient, other: Other, body: bytes
) -> None:
    other.answers = [answer(200, body)]
    with pytest.raises(DependencyUnavailable):
        await client.get("/x", "t")


async def test_an_answer_that_cannot_be_unpacked_is_the_other_sides_fault(client: ServiceClient, other: Other) -> None:
    other.answers = [answer(200, b"no gzip", Content_Encoding="gzip")]
    with pytest.raises(DependencyUnavailable):
        await client.get("/x", "t")


async def test_it_comes_back_when_asked_to(client: ServiceClient, other: Other) -> None:
    other.answers = [answer(503, Retry_After="1"), answer(200)]
    started = monotonic_seconds()
    await client.get("/x", "t")
    assert 1 <= monotonic_seconds() - started < 2


async def test_it_may_come_back_at_once(client: ServiceClient, other: Other) -> None:
    other.answers = [answer(503, Retry_After="0"), answer(200)]
    await client.get("/x", "t")
    assert len(other.requests) == 2


@pytest.mark.parametrize("value", ["soon", "\u00b2", "-1", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_retry_after_that_cannot_be_read_counts_as_none(
    client: ServiceClient, other: Other, value: str
) -> None:
    async def odd(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: ")
        writer.write(value.encode("latin-1") + b"\r\n\r\n")

    other.answers = [odd, answer(200)]
    assert await client.get("/x", "t") == {"ok": True}


async def test_when_asked_to_stay_away_for_long_it_gives_up(client: ServiceClient, other: Other) -> None:
    other.answers = [answer(503, Retry_After="30"), answer(200)]
    with pytest.raises(DependencyUnavailable):
        await client.get("/x", "t")
    assert len(other.requests) == 1


@pytest.mark.parametrize("trouble", [stay_silent, trickle], ids=["silent", "trickling"])
async def test_a_slow_service_costs_no_more_than_its_timeouts(
    client: ServiceClient, other: Other, trouble: Answer
) -> None:
    other.answers = [trouble]
    started = monotonic_seconds()
    with pytest.raises(DependencyUnavailable):
        await client.get("/x", "t")
    assert monotonic_seconds() - started < 3 * 0.3 + 1.0
    assert len(other.requests) == 3


async def test_the_callers_deadline_is_handed_on_less_what_was_spent(client: ServiceClient, other: Other) -> None:
    other.answers = [answer(503), answer(200)]
    with deadline.until("250"):
        await client.get("/x", "t")
    first, second = (int(headers[deadline.HEADER]) for _, headers in other.requests)
    assert 0 < second < first <= 250


async def test_past_the_callers_deadline_nothing_is_asked(client: ServiceClient, other: Other) -> None:
    with deadline.until("0"), pytest.raises(DeadlineExceeded):
        await client.get("/x", "t")
    assert other.requests == []


async def test_a_deadline_ends_the_retries(client: ServiceClient, other: Other) -> None:
    other.answers = [stay_silent]
    started = monotonic_seconds()
    with deadline.until("150"), pytest.raises(DeadlineExceeded):
        await client.get("/x", "t")
    assert monotonic_seconds() - started < 1
    assert len(other.requests) == 1


async def test_flow_and_trace_travel_along(client: ServiceClient, other: Other) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with telemetry.flow("test", parent=parent, correlation_id="flow-1", causation_id="r-1"):
        await client.get("/x", "t")
        mine = telemetry.traceparent()
    [(_, headers)] = other.requests
    assert headers["x-correlation-id"] == "flow-1"
    assert headers["traceparent"] == mine
    assert headers["traceparent"].split("-")[1] == parent.split("-")[1]


async def test_a_service_that_is_not_there_is_unavailable() -> None:
    async with httpx2.AsyncClient() as http:
        absent = ServiceClient(http, "users", f"http://127.0.0.1:{free_port()}")
        with pytest.raises(DependencyUnavailable) as refusal:
            await absent.get("/x", "t")
    assert "127.0.0.1" not in json.dumps([refusal.value.detail, refusal.value.title])


def counted(*names: str) -> dict[str, int]:
    """How often these were counted of the users service since the last look; nothing is left out silently."""
    with structlog.testing.capture_logs() as lines:
        metrics.flush()
    found = {name: value for line in lines if line.get("dependency") == "users" for name, value in line.items()}
    return {name: found[name] for name in names if name in found}


@pytest.fixture
def time() -> list[float]:
    """Seconds of the breaker's clock, as a list of one that a test may change."""
    return [1000.0]


@pytest.fixture
async def standing(other: Other, time: list[float]) -> AsyncIterator[ServiceClient]:
    """A client whose breaker's clock stands still."""
    counted()
    async with httpx2.AsyncClient() as http:
        yield ServiceClient(http, "users", other.url, timeout_seconds=0.5, monotonic=lambda: time[0])


async def fail(client: ServiceClient, times: int) -> None:
    for _ in range(times):
        with pytest.raises(DependencyUnavailable):
            await client.get("/x", "t")


async def test_a_service_that_fails_is_left_alone_for_a_while(
    standing: ServiceClient, other: Other, time: list[float]
) -> None:
    other.answers = [answer(500)]
    await fail(standing, 10)
    with pytest.raises(DependencyUnavailable, match="has not answered for a while"):
        await standing.get("/x", "t")
    assert len(other.requests) == 10
    assert counted("calls", "breaker-opened", "breaker-refused") == {
        "calls": 11,
        "breaker-opened": 1,
        "breaker-refused": 1,
    }
    other.answers = [answer(200)]
    time[0] += 2
    assert await standing.get("/x", "t") == {"ok": True}
    assert await standing.get("/x", "t") == {"ok": True}


async def test_of_fifty_who_wait_one_asks_whether_it_is_well_again(
    standing: ServiceClient, other: Other, time: list[float]
) -> None:
    may_answer = asyncio.Event()

    async def answer_when_told(writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        await answer(200)(writer)

    other.answers = [*[answer(500)] * 10, answer_when_told]
    await fail(standing, 10)
    time[0] += 2
    probe = asyncio.create_task(standing.get("/x", "t"))
    await asyncio.sleep(0)
    await fail(standing, 49)
    may_answer.set()
    assert await probe == {"ok": True}
    assert len(other.requests) == 11
    assert [await standing.get("/x", "t") for _ in range(50)] == [{"ok": True}] * 50


async def test_a_cancelled_probe_leaves_the_way_free_for_the_next(
    standing: ServiceClient, other: Other, time: list[float]
) -> None:
    has_come = asyncio.Event()

    async def say_so(writer: asyncio.StreamWriter) -> None:
        has_come.set()
        await stay_silent(writer)

    other.answers = [*[answer(500)] * 10, say_so, answer(200)]
    await fail(standing, 10)
    time[0] += 2
    probe = asyncio.create_task(standing.get("/x", "t"))
    await has_come.wait()
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert await standing.get("/x", "t") == {"ok": True}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
async def test_a_refusal_is_no_failure_of_the_service(standing: ServiceClient, other: Other, status: int) -> None:
    other.answers = [answer(status)]
    await fail(standing, 20)
    assert len(other.requests) == 20


async def test_a_caller_in_a_hurry_cannot_open_the_breaker(standing: ServiceClient, other: Other) -> None:
    other.answers = [stay_silent]
    for _ in range(20):
        with deadline.until("10"), pytest.raises(DeadlineExceeded):
            await standing.get("/x", "t")
    assert len(other.requests) > 10
    assert "breaker-opened" not in counted("breaker-opened")


async def test_retries_are_a_tenth_of_the_calls(standing: ServiceClient, other: Other) -> None:
    # Two of five fail: not enough for the breaker.
    other.answers = [answer((n % 5 in (1, 3) and 503) or 200, Retry_After="0") for n in range(400)]
    calls, refused = 100, 0
    for _ in range(calls):
        try:
            await standing.get("/x", "t")
        except DependencyUnavailable:
            refused += 1
    assert refused
    assert len(other.requests) <= 1.1 * calls + RESERVE
    seen = counted("calls", "retries", "retries-refused", "breaker-opened")
    assert seen == {"calls": calls, "retries": len(other.requests) - calls, "retries-refused": refused}


async def test_a_timeout_is_not_repeated_when_there_is_no_time_for_it(standing: ServiceClient, other: Other) -> None:
    """The caller is told while it still listens."""
    other.answers = [stay_silent]
    with deadline.until("900"):
        with pytest.raises(DependencyUnavailable):
            await standing.get("/x", "t")
        assert deadline.remaining_seconds(9) > 0
    assert len(other.requests) == 1


async def test_so_many_wait_for_a_slow_service_and_no_more(other: Other) -> None:
    all_came, may_answer = asyncio.Event(), asyncio.Event()

    async def answer_when_told(writer: asyncio.StreamWriter) -> None:
        if len(other.requests) == 12:
            all_came.set()
        await may_answer.wait()
        await answer(200)(writer)

    other.answers = [answer_when_told]
    counted()
    async with httpx2.AsyncClient() as http:
        client = ServiceClient(http, "users", other.url, timeout_seconds=30)
        calls = [asyncio.create_task(client.get("/x", "t")) for _ in range(40)]
        # Eight find every place taken, to wait in too; twenty wait in vain.
        waiting = set(calls)
        while len(waiting) > 12:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        await all_came.wait()
        may_answer.set()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [dict] * 12 + [DependencyUnavailable] * 28
    assert len(other.requests) == 12
    assert counted("bulkhead-refused") == {"bulkhead-refused": 28}
