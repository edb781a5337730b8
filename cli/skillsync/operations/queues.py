"""`skillsync queues`: what waits where."""

import json
import sys
from typing import Any, TypedDict

from skillsync.operations.ages import measured_ages, seen_age
from skillsync.operations.aws import Counts, Messaging, aws_problems, counts
from skillsync.operations.place import find_place
from skillsync.paths import Paths

# What raises the alarm on AWS: OldestMessageSeconds of messaging.yaml.
OLDEST_MESSAGE_SECONDS = 300


class QueueRow(TypedDict):
    """One queue. `oldest_seconds` is 0 for an empty queue, None when nobody can tell without receiving."""

    name: str
    waiting: int
    in_flight: int
    delayed: int
    oldest_seconds: float | None
    dlq: int
    subscription_dlq: int


def read_queues(messaging: Messaging, sqs: Any, cloudwatch: Any) -> list[QueueRow]:
    """Every queue. Raises Problem when AWS does not answer."""
    queues = messaging["queues"]
    with aws_problems(messaging["aws_endpoint"]):
        live = {name: counts(sqs, queue["url"]) for name, queue in queues.items()}
        dead = {name: sum(counts(sqs, queue["dlq_url"])) for name, queue in queues.items()}
        lost = {name: sum(counts(sqs, queue["subscription_dlq_url"])) for name, queue in queues.items()}
    ages = _ages(messaging, cloudwatch, live)
    return [
        QueueRow(
            name=name,
            waiting=found.waiting,
            in_flight=found.in_flight,
            delayed=found.delayed,
            oldest_seconds=ages[name],
            dlq=dead[name],
            subscription_dlq=lost[name],
        )
        for name, found in live.items()
    ]


def needs_attention(row: QueueRow) -> bool:
    """Whether an alarm would ring, or has."""
    return bool(row["dlq"] or row["subscription_dlq"] or is_old(row["oldest_seconds"]))


def is_old(seconds: float | None) -> bool:
    return seconds is not None and seconds > OLDEST_MESSAGE_SECONDS


def show_queues(paths: Paths, as_json: bool, env: str = "") -> bool:
    """Print them, those of a deployed environment when one is named; True when nothing needs attention."""
    place = find_place(paths, env)
    rows = read_queues(place.messaging, place.client("sqs"), place.client("cloudwatch"))
    if as_json:
        json.dump({"queues": rows}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        from skillsync.local.tables import make_console  # noqa: PLC0415
        from skillsync.operations.tables import queue_table  # noqa: PLC0415

        make_console().print(queue_table(rows))
    return not any(needs_attention(row) for row in rows)


def _ages(messaging: Messaging, cloudwatch: Any, live: dict[str, Counts]) -> dict[str, float | None]:
    filled = {name: messaging["queues"][name]["url"] for name, found in live.items() if sum(found)}
    ages: dict[str, float | None] = dict.fromkeys(live, 0.0)
    measured = measured_ages(cloudwatch, list(filled.values())) if filled else {}
    for name, url in filled.items():
        age = measured[url] if url in measured else seen_age(messaging["aws_endpoint"], url)
        ages[name] = None if age is None else round(age, 1)
    return ages
