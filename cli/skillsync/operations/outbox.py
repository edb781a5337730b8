"""`skillsync outbox`: what each producer has not published yet, and why."""

import json
import sys
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict, ValidationError

from skillsync.operations.services import Services, Silent
from skillsync.paths import Paths
from skillsync.views.session import require_running

# The services that have an outbox.
PRODUCERS = ("users", "transactions", "notifications")
OUTBOX_PATH = "/internal/outbox"


class _Stuck(BaseModel):
    model_config = ConfigDict(extra="ignore")

    subject: str
    type: str
    pending: int
    attempts: int
    since: str
    last_error: str | None


class _Outbox(BaseModel):
    model_config = ConfigDict(extra="ignore")

    pending: int
    lag_seconds: float | None
    oldest_at: str | None
    stuck: list[_Stuck]


class OutboxRow(TypedDict):
    """One producer. When it is silent `problem` says why, and the figures are None; `stuck` holds at most 20."""

    service: str
    problem: str | None
    pending: int | None
    lag_seconds: float | None
    oldest_at: str | None
    stuck: list[dict[str, Any]]


def read_outbox(services: Services, service: str) -> OutboxRow:
    """One producer's outbox; never raises, for the others must be shown too."""
    try:
        return outbox_row(service, services.get(service, OUTBOX_PATH))
    except Silent as error:
        return silent_row(service, str(error))


def silent_row(service: str, problem: str) -> OutboxRow:
    """The row of a producer that tells nothing, for this reason."""
    return OutboxRow(service=service, problem=problem, pending=None, lag_seconds=None, oldest_at=None, stuck=[])


def outbox_row(service: str, told: object) -> OutboxRow:
    """The row of a producer that has answered this at OUTBOX_PATH."""
    try:
        answer = _Outbox.model_validate(told)
    except ValidationError:
        return silent_row(service, "answered what cannot be read")
    stuck = [subject.model_dump() for subject in answer.stuck]
    return OutboxRow(
        service=service,
        problem=None,
        pending=answer.pending,
        lag_seconds=answer.lag_seconds,
        oldest_at=answer.oldest_at,
        stuck=stuck,
    )


def show_outbox(paths: Paths, as_json: bool) -> bool:
    """Print them; True when every producer answers and nothing is stuck."""
    services = Services.of(paths, require_running(paths))
    rows = [read_outbox(services, service) for service in PRODUCERS]
    if as_json:
        json.dump({"services": rows}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        from skillsync.local.tables import make_console  # noqa: PLC0415
        from skillsync.operations.tables import outbox_table, stuck_table  # noqa: PLC0415

        console = make_console()
        console.print(outbox_table(rows))
        if any(row["stuck"] for row in rows):
            console.print(stuck_table(rows))
    return not any(row["problem"] or row["stuck"] for row in rows)
