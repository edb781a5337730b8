"""Metrics: what was counted comes out as lines of CloudWatch's embedded metric format, each once."""

import asyncio
from typing import Any

import pytest
import structlog

from skillsync_kit import metrics


@pytest.fixture(autouse=True)
def nothing_counted_yet() -> None:
    with structlog.testing.capture_logs():
        metrics.flush()


def lines() -> list[dict[str, Any]]:
    with structlog.testing.capture_logs() as captured:
        metrics.flush()
    return [dict(line) for line in captured]


def test_a_line_for_each_set_of_dimensions_says_what_its_members_are() -> None:
    metrics.count("calls", dependency="users")
    metrics.count("calls", 2, dependency="users")
    metrics.level("outbox-pending", 7)
    metrics.level("outbox-pending", 3)
    metrics.spent("handled-in", 12.34, dependency="users")
    metrics.spent("handled-in", 5.0, dependency="users")
    of_users, of_nothing = lines()
    assert (of_users["calls"], of_users["handled-in"], of_users["dependency"]) == (3, [12.3, 5.0], "users")
    assert of_nothing["outbox-pending"] == 3
    [directive] = of_users["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "SkillSync/local",
        "Dimensions": [["process", "dependency"]],
        "Metrics": [{"Name": "calls", "Unit": "Count"}, {"Name": "handled-in", "Unit": "Milliseconds"}],
    }
    assert of_users["_aws"]["Timestamp"] > 1_700_000_000_000


def test_what_was_written_is_not_written_again() -> None:
    metrics.count("calls")
    assert len(lines()) == 1
    assert lines() == []


def test_a_line_never_holds_more_values_than_cloudwatch_takes() -> None:
    for milliseconds in range(300):
        metrics.spent("handled-in", milliseconds)
    assert len(lines()[0]["handled-in"]) == 100


async def test_the_loop_writes_what_is_left_when_it_stops() -> None:
    stopping = asyncio.Event()
    with structlog.testing.capture_logs() as captured:
        loop = asyncio.create_task(metrics.run(stopping))
        metrics.count("calls")
        stopping.set()
        await loop
    assert [line["calls"] for line in captured] == [1]
