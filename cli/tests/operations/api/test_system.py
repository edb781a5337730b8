"""The live picture: what each part says of itself, and that a silent one hides no other."""

import socket
from typing import Any

import pytest

from skillsync.local.state import Queue
from skillsync.operations.api import system
from skillsync.operations.aws import Messaging

EMPTY: dict[str, Any] = {"pending": 0, "lag_seconds": None, "oldest_at": None, "stuck": []}
STUCK = {
    "subject": "s-1",
    "type": "user.created.v1",
    "pending": 2,
    "attempts": 3,
    "since": "2030-01-01T12:00:00Z",
    "last_error": "Throttled",
}


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


async def test_everything_is_told_with_its_figures(api: Any, cloud: Any, answers: Any) -> None:
    late = {"pending": 2, "lag_seconds": 31.5, "oldest_at": "2030-01-01T12:00:00Z", "stuck": [STUCK]}
    answers.plan("GET", "/internal/outbox", (200, late))
    answers.plan("GET", "/health/ready", (200, {"status": "ready", "uptime_seconds": 12.5}))
    api.processes["users"] = f"{answers.url}/health/ready"
    cloud.put(cloud.url)
    cloud.put(cloud.dlq_url)
    told = (await api.get("/system")).json()
    (process,) = told["processes"]
    assert (process["name"], process["state"], process["uptime_seconds"]) == ("users", "ready", 12.5)
    assert process["answered_in_milliseconds"] >= 0
    (queue,) = told["queues"]
    assert {name: queue[name] for name in ("name", "waiting", "dlq", "subscription_dlq", "needs_attention")} == {
        "name": "user",
        "waiting": 1,
        "dlq": 1,
        "subscription_dlq": 0,
        "needs_attention": True,
    }
    assert 0 <= queue["oldest_seconds"] < 60
    assert told["outboxes"] == [
        {"service": name, "problem": None, **late} for name in ("users", "transactions", "notifications")
    ]
    assert (told["as_of"], told["queues_problem"]) == ("2030-01-01T12:00:00Z", None)


async def test_what_is_silent_is_named_and_hides_nothing_else(api: Any, answers: Any, closed_port: int) -> None:
    answers.plan("GET", "/internal/outbox", (500, {}))
    answers.plan("GET", "/health/ready", (503, {"status": "not ready"}))
    answers.plan("GET", "/odd", (200, ["no object"]))
    api.processes.update(
        starting=f"{answers.url}/health/ready", gone=f"http://127.0.0.1:{closed_port}/", odd=f"{answers.url}/odd"
    )
    told = (await api.get("/system")).json()
    assert {(row["name"], row["state"], row["uptime_seconds"]) for row in told["processes"]} == {
        ("starting", "not-ready", None),
        ("gone", "silent", None),
        ("odd", "ready", None),
    }
    assert {row["problem"] for row in told["outboxes"]} == {
        f"The {name} service answered 500." for name in ("users", "transactions", "notifications")
    }
    assert [row["name"] for row in told["queues"]] == ["user"]


async def test_without_sqs_the_rest_is_shown(api: Any, answers: Any, closed_port: int) -> None:
    answers.plan("GET", "/internal/outbox", (200, EMPTY))
    gone = f"http://127.0.0.1:{closed_port}/1/gone"
    queues = {"user": Queue(url=gone, dlq_url=gone, subscription_dlq_url=gone)}
    api.system._messaging = Messaging(aws_endpoint="", queues=queues)
    told = (await api.get("/system")).json()
    assert (told["queues"], told["queues_problem"]) == ([], "SQS does not answer.")
    assert [row["pending"] for row in told["outboxes"]] == [0, 0, 0]


async def test_who_watches_together_is_shown_the_same_for_a_second(
    api: Any, answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.plan("GET", "/internal/outbox", (200, EMPTY))
    now = [100.0]
    monkeypatch.setattr(system, "monotonic_seconds", lambda: now[0])

    def asked() -> int:
        return sum(path == "/internal/outbox" for _, path, _, _ in answers.asked)

    for seconds, looks in ((0, 1), (0.9, 1), (1.1, 2), (1.5, 2), (2.2, 3)):
        now[0] = 100.0 + seconds
        assert (await api.get("/system")).status_code == 200
        assert asked() == 3 * looks, seconds
