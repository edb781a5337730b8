"""What is known of the run: `state.json`, which `status --json` prints, and `run.json`, which names its processes."""

import json
import os
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

from skillsync.paths import Paths
from skillsync.supervision.specification import ProcessStatus

RunState = Literal["starting", "ready", "degraded", "draining", "stopped"]


class Queue(TypedDict):
    """A consumer's queue, its DLQ, and the DLQ of its subscription at the topic."""

    url: str
    dlq_url: str
    subscription_dlq_url: str


class Person(TypedDict):
    """A demo person's log-in, with the pool's groups; `id` (its `sub`) is "" until the person signed up."""

    email: str
    password: str
    id: str
    groups: list[str]


class Status(TypedDict):
    """The document of `status --json`. No database or cache address: they hold passwords."""

    state: RunState
    web: str
    api: str
    aws_endpoint: str
    region: str
    user_pool_id: str
    client_id: str
    issuer: str
    jwks_url: str
    database: str
    cache: str
    topic_arn: str
    queues: dict[str, Queue]
    people: list[Person]
    processes: list[ProcessStatus]


def empty_status() -> Status:
    """The document of a system that never ran."""
    return Status(
        state="stopped",
        web="",
        api="",
        aws_endpoint="",
        region="",
        user_pool_id="",
        client_id="",
        issuer="",
        jwks_url="",
        database="",
        cache="",
        topic_arn="",
        queues={},
        people=[],
        processes=[],
    )


def overall(phase: RunState, processes: list[ProcessStatus], is_under_repair: bool = False) -> RunState:
    """The state of the whole. A run that became ready and now has a process that is not, or a repair, is degraded."""
    if phase == "ready" and (is_under_repair or any(process["state"] != "ready" for process in processes)):
        return "degraded"
    return phase


def write_json(file: Path, document: object) -> None:
    """Write privately and atomically: a reader sees the old document or the new one, never a half."""
    temporary = file.with_name(f"{file.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        json.dump(document, stream, indent=2)
        stream.write("\n")
    temporary.replace(file)


def read_json(file: Path) -> dict[str, Any]:
    """The document, or {} when there is none that can be read."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def read_status(paths: Paths, supervisor_runs: bool) -> Status:
    """The last document written; when its supervisor is gone, however it went, with everything stopped."""
    document = cast(Status, empty_status() | read_json(paths.state_file))
    if not supervisor_runs:
        document["state"] = "stopped"
        for process in document["processes"]:
            process["state"] = "stopped"
            process["pid"] = None
    return document
