"""What `skillsync queues` says of real queues."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from skillsync.operations import place
from skillsync.operations.queues import OLDEST_MESSAGE_SECONDS, QueueRow, needs_attention, read_queues, show_queues
from skillsync.operations.tables import duration, queue_table
from skillsync.paths import find_paths
from skillsync.templates import load

EMPTY = QueueRow(name="user", waiting=0, in_flight=0, delayed=0, oldest_seconds=0.0, dlq=0, subscription_dlq=0)


def row(cloud: Any) -> QueueRow:
    endpoint = cloud.status["aws_endpoint"]
    (found,) = read_queues(cloud.status, cloud.sqs, cloud.client("cloudwatch", endpoint))
    return found


def test_what_waits_is_in_flight_and_delayed_is_told_apart(cloud: Any) -> None:
    assert row(cloud) == EMPTY
    for _ in range(3):
        cloud.put(cloud.url)
    cloud.sqs.send_message(QueueUrl=cloud.url, MessageBody="later", DelaySeconds=900)
    cloud.sqs.receive_message(QueueUrl=cloud.url, MaxNumberOfMessages=1, VisibilityTimeout=60)
    cloud.put(cloud.dlq_url)
    cloud.put(cloud.subscription_dlq_url)
    found = row(cloud)
    assert (found["waiting"], found["in_flight"], found["delayed"]) == (2, 1, 1)
    assert (found["dlq"], found["subscription_dlq"]) == (1, 1)


def test_the_age_is_seen_without_a_receive(cloud: Any) -> None:
    cloud.put(cloud.url)
    age = row(cloud)["oldest_seconds"]
    assert age is not None
    assert 0 <= age < 60
    (message,) = cloud.take(cloud.url)
    assert message["Attributes"]["ApproximateReceiveCount"] == "1", "our own receive, and no other"


def test_the_age_is_sqs_own_metric_where_there_is_one(cloud: Any) -> None:
    cloud.put(cloud.url)
    cloudwatch = cloud.client("cloudwatch", cloud.status["aws_endpoint"])
    now = datetime.now(UTC)
    for minutes, value in ((4, 700.0), (2, 820.0)):
        datum = {
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": [{"Name": "QueueName", "Value": "test-user-queue"}],
            "Timestamp": now - timedelta(minutes=minutes),
            "Value": value,
        }
        cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=[datum])
    assert row(cloud)["oldest_seconds"] == 820.0


def test_an_age_that_nobody_can_tell_is_not_made_up(cloud: Any, answers: Any) -> None:
    cloud.put(cloud.url)
    cloud.status["aws_endpoint"] = answers.url  # neither CloudWatch nor a view into queues is there
    (found,) = read_queues(cloud.status, cloud.sqs, cloud.client("cloudwatch", answers.url))
    assert found["oldest_seconds"] is None
    assert duration(None) == "–"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, False),
        ({"waiting": 5_000}, False),
        ({"oldest_seconds": OLDEST_MESSAGE_SECONDS}, False),
        ({"oldest_seconds": OLDEST_MESSAGE_SECONDS + 1}, True),
        ({"oldest_seconds": None}, False),
        ({"dlq": 1}, True),
        ({"subscription_dlq": 1}, True),
    ],
)
def test_what_would_ring_an_alarm_needs_attention(change: dict[str, Any], expected: bool) -> None:
    assert needs_attention({**EMPTY, **change}) is expected  # type: ignore[typeddict-item]


def test_the_limit_is_that_of_the_alarm() -> None:
    template = load(find_paths().root / "infra" / "templates" / "messaging.yaml")
    assert template["Parameters"]["OldestMessageSeconds"]["Default"] == OLDEST_MESSAGE_SECONDS


def test_colours_mean_something() -> None:
    console = Console(force_terminal=True, color_system="standard", width=120)
    rows: list[QueueRow] = [
        EMPTY,
        {**EMPTY, "name": "old", "oldest_seconds": 301.0},
        {**EMPTY, "name": "dead", "dlq": 7},
    ]
    with console.capture() as captured:
        console.print(queue_table(rows))
    quiet, old, dead = captured.get().splitlines()[1:]
    assert "\x1b[33m5 min 1 s" in old
    assert "\x1b[1;31m7" in dead
    assert "\x1b[" not in quiet.replace("\x1b[0m", "")


def test_json_and_the_verdict(cloud: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(place, "require_running", lambda paths: cloud.status)
    assert show_queues(find_paths(), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"queues": [EMPTY]}
    cloud.put(cloud.dlq_url)
    assert not show_queues(find_paths(), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"queues": [{**EMPTY, "dlq": 1}]}


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (3_725, "1 h 2 min"), (90_000, "1 d 1 h")],
)
def test_durations_are_short(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
