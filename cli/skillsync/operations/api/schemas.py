"""Shapes of the operators' API: ids, types, states, counts and times."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from skillsync.operations.api.redrives import Redriven
from skillsync.operations.api.system import Picture
from skillsync.operations.api.trails import Trail, Word
from skillsync.operations.queues import needs_attention

__all__ = ["RedriveAnswer", "SystemAnswer", "TrailAnswer", "represent_picture", "represent_redriven", "represent_trail"]

_MOMENT = "2030-01-01T12:00:00.000Z"
_SYSTEM: JsonDict = {
    "as_of": _MOMENT,
    "processes": [
        {"name": "users", "state": "ready", "uptime_seconds": 86400.5, "answered_in_milliseconds": 1.9},
        {"name": "analytics", "state": "silent", "uptime_seconds": None, "answered_in_milliseconds": None},
    ],
    "queues": [
        {
            "name": "user",
            "waiting": 3,
            "in_flight": 1,
            "delayed": 0,
            "oldest_seconds": 2.5,
            "dlq": 0,
            "subscription_dlq": 0,
            "needs_attention": False,
        }
    ],
    "queues_problem": None,
    "outboxes": [
        {
            "service": "users",
            "problem": None,
            "pending": 1,
            "lag_seconds": 12.0,
            "oldest_at": _MOMENT,
            "stuck": [
                {
                    "subject": "0190c5d4-8f6e-7000-8000-000000000001",
                    "type": "user.created.v1",
                    "pending": 1,
                    "attempts": 2,
                    "since": _MOMENT,
                    "last_error": "Throttled",
                }
            ],
        }
    ],
}
_STEP: JsonDict = {
    "what": "received",
    "by": "transactions",
    "at": _MOMENT,
    "milliseconds": 0.0,
    "mail_id": None,
    "template": None,
    "status": None,
    "attempts": None,
}
_TRAIL: JsonDict = {
    "transaction_id": "0190c5d4-8f6e-7000-8000-000000000020",
    "as_of": "2030-01-01T12:10:00.000Z",
    "events": [
        {
            "event_id": "0190c5d4-8f6e-7000-8000-000000000040",
            "type": "transaction.finalized.v1",
            "sequence": 4,
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "attempts": 0,
            "steps": [
                _STEP,
                {**_STEP, "what": "committed", "at": "2030-01-01T12:00:00.021Z", "milliseconds": 21.0},
                {**_STEP, "what": "published", "at": "2030-01-01T12:00:00.054Z", "milliseconds": 54.0},
                {
                    **_STEP,
                    "what": "handled",
                    "by": "analytics",
                    "at": "2030-01-01T12:00:00.071Z",
                    "milliseconds": 71.0,
                },
                {
                    "what": "mail-sent",
                    "by": "notifications",
                    "at": "2030-01-01T12:00:00.310Z",
                    "milliseconds": 310.0,
                    "mail_id": "0190c5d4-8f6e-7000-8000-000000000030",
                    "template": "receipt",
                    "status": "sent",
                    "attempts": 1,
                },
            ],
        }
    ],
    "more": False,
    "silent": [],
}


class ProcessAnswer(BaseModel):
    """One process, by its own word."""

    name: str
    state: Literal["ready", "not-ready", "silent"]
    uptime_seconds: float | None
    answered_in_milliseconds: float | None


class QueueAnswer(BaseModel):
    """One queue. Counts are SQS's, which settle within a minute; `oldest_seconds` is null when nobody can tell."""

    name: str
    waiting: int
    in_flight: int
    delayed: int
    oldest_seconds: float | None
    dlq: int = Field(description="What its consumer gave up on")
    subscription_dlq: int = Field(description="What SNS could not deliver to it")
    needs_attention: bool = Field(description="Whether an alarm would ring, or has")


class StuckAnswer(BaseModel):
    """A subject whose oldest waiting event was tried in vain, or waits for more than ten seconds."""

    subject: str
    type: str
    pending: int
    attempts: int
    since: str
    last_error: str | None


class OutboxAnswer(BaseModel):
    """What a producer has not published yet; when it is silent `problem` says why, and the figures are null."""

    service: str
    problem: str | None
    pending: int | None
    lag_seconds: float | None
    oldest_at: str | None
    stuck: list[StuckAnswer]


class SystemAnswer(BaseModel):
    """The system at one moment. `queues_problem` says why there are no queues in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SYSTEM]})

    as_of: datetime
    processes: list[ProcessAnswer]
    queues: list[QueueAnswer]
    queues_problem: str | None
    outboxes: list[OutboxAnswer]


class RedriveAnswer(BaseModel):
    """How many messages were moved back, at most 100, and how many are in the DLQ now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"queue": "user", "moved": 3, "left": 0}]})

    queue: str
    moved: int
    left: int


class StepAnswer(BaseModel):
    """Something that happened to an event, and when; `milliseconds` since its first step."""

    what: Word
    by: str = Field(description="The service that did it")
    at: datetime
    milliseconds: float
    mail_id: str | None
    template: str | None = Field(description="The kind of the mail")
    status: str | None = Field(description="What became of the mail by now")
    attempts: int | None = Field(description="How often the mail was taken in hand")


class TrailEventAnswer(BaseModel):
    """One event with its steps, the earliest first."""

    event_id: str
    type: str
    sequence: int
    trace_id: str | None = Field(description="By which its log lines are found")
    attempts: int = Field(description="Attempts at publishing it that failed")
    steps: list[StepAnswer]


class SilenceAnswer(BaseModel):
    """A service whose steps are missing, and why."""

    service: str
    problem: str


class TrailAnswer(BaseModel):
    """An exchange's newest events, at most 100, in their order, each with its way through the system."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TRAIL]})

    transaction_id: str
    as_of: datetime
    events: list[TrailEventAnswer]
    more: bool
    silent: list[SilenceAnswer]


def represent_picture(picture: Picture) -> SystemAnswer:
    """The picture as it is shown."""
    return SystemAnswer(
        as_of=picture.as_of,
        processes=[ProcessAnswer.model_validate(row, from_attributes=True) for row in picture.processes],
        queues=[QueueAnswer(**row, needs_attention=needs_attention(row)) for row in picture.queues],
        queues_problem=picture.queues_problem,
        outboxes=[OutboxAnswer.model_validate(row) for row in picture.outboxes],
    )


def represent_redriven(redriven: Redriven) -> RedriveAnswer:
    """What was done, as it is shown."""
    return RedriveAnswer(queue=redriven.queue, moved=redriven.moved, left=redriven.left)


def represent_trail(trail: Trail) -> TrailAnswer:
    """The trail as it is shown."""
    return TrailAnswer.model_validate(trail, from_attributes=True)
