"""Dead letters moved back by the API: bounded, once under a key, one redrive of a DLQ at a time."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from skillsync.errors import Problem
from skillsync.operations.api import redrives
from skillsync.operations.api.redrives import Redriven
from skillsync.operations.dead_letters import DeadLetterQueue


async def redrive(api: Any, key: str, queue: str = "user", query: str = "") -> tuple[int, Any]:
    answer = await api.send("POST", f"/queues/{queue}/redrive{query}", Idempotency_Key=key)
    return answer.status_code, answer.json()


async def test_all_of_a_dlq_goes_back_to_its_queue(api: Any, cloud: Any) -> None:
    for number in range(3):
        cloud.put(cloud.dlq_url, f"message {number}", type="thing.done.v1")
    assert await redrive(api, "k") == (200, {"queue": "user", "moved": 3, "left": 0})
    assert cloud.bodies(cloud.url) == ["message 0", "message 1", "message 2"]
    assert await redrive(api, "k-2", "user-subscription") == (
        200,
        {"queue": "user-subscription", "moved": 0, "left": 0},
    )


async def test_one_request_moves_no_more_than_its_bound(api: Any, cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrives, "AT_MOST", 2)
    for _ in range(3):
        cloud.put(cloud.dlq_url)
    assert await redrive(api, "first") == (200, {"queue": "user", "moved": 2, "left": 1})
    assert await redrive(api, "second") == (200, {"queue": "user", "moved": 1, "left": 0})


async def test_a_repeated_key_is_told_what_was_done_and_moves_nothing(api: Any, cloud: Any) -> None:
    cloud.put(cloud.dlq_url)
    first = await redrive(api, "k")
    cloud.put(cloud.dlq_url)
    answer = await api.send("POST", "/queues/user/redrive", Idempotency_Key="k")
    assert (answer.status_code, answer.json()) == first == (200, {"queue": "user", "moved": 1, "left": 0})
    assert answer.headers["idempotent-replayed"] == "true"
    assert len(cloud.take(cloud.dlq_url)) == 1
    status, problem = await redrive(api, "k", query="?x=1")
    assert (status, problem["code"]) == (422, "idempotency-key-reused")


class Gate:
    """Moves that wait until they are let go."""

    def __init__(self) -> None:
        self.moves = 0
        self.go = threading.Event()

    def move(self, dlq: DeadLetterQueue) -> Redriven:
        self.moves += 1
        assert self.go.wait(30)
        return Redriven(dlq.name, 1, 0)


@contextmanager
def closed(gate: Gate) -> Iterator[None]:
    """However the test ends, nobody is left waiting."""
    try:
        yield
    finally:
        gate.go.set()


async def test_while_one_goes_on_its_repetition_waits_and_another_is_refused(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    monkeypatch.setattr(api.redrives, "_move", gate.move)
    with closed(gate):
        both = [asyncio.create_task(redrive(api, "k")) for _ in range(2)]
        async with asyncio.timeout(30):
            while not gate.moves:  # noqa: ASYNC110 - the thread has no event of the loop's
                await asyncio.sleep(0.01)
        status, problem = await redrive(api, "another")
        assert (status, problem["code"]) == (409, "redrive-in-progress")
        gate.go.set()
        assert await asyncio.gather(*both) == [(200, {"queue": "user", "moved": 1, "left": 0})] * 2
    assert gate.moves == 1
    assert (await redrive(api, "another"))[0] == 200
    assert gate.moves == 2


async def test_when_sqs_is_away_nothing_is_kept_of_it(api: Any, cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: DeadLetterQueue) -> Redriven:
        raise Problem("AWS at http://nowhere: refused")

    cloud.put(cloud.dlq_url)
    with monkeypatch.context() as patched:
        patched.setattr(api.redrives, "_move", refuse)
        status, problem = await redrive(api, "k")
        assert (status, problem["code"]) == (503, "dependency-unavailable")
        assert "nowhere" not in str(problem)
    assert await redrive(api, "k") == (200, {"queue": "user", "moved": 1, "left": 0})


async def test_an_unknown_queue_and_a_missing_key_are_told(api: Any) -> None:
    assert (await redrive(api, "k", "nobody"))[0] == 404
    answer = await api.send("POST", "/queues/user/redrive")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-required")
