"""The routes of `operations`, for workers: a person is told that there are none. Never routed by the edge."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

from skillsync_kit.auth import Principal, access, worker_scope
from skillsync_kit.failed_messages import FailedMessage
from skillsync_kit.ids import Id
from skillsync_kit.operations import Operations, OutboxState
from skillsync_kit.routing import Route

__all__ = ["consumer_router", "producer_router"]

_ACCESS = access(owner=404, counterparty=404, stranger=404, worker=200)

producer_router = APIRouter(route_class=Route, tags=["operations"])
"""Of a service that has an outbox."""

consumer_router = APIRouter(route_class=Route, tags=["operations"])
"""Of a service that has a queue."""


def _bounded(moment: datetime) -> datetime:
    """Raise ValueError for a moment that cannot be turned into UTC, or kept by every database."""
    if not 1970 < moment.year < 9999:
        raise ValueError("a moment from 1971 to 9998 is needed")
    return moment


async def _operations(request: Request) -> Operations:
    operations: Operations = request.app.state.operations
    return operations


ReadsEvents = Annotated[Principal, Depends(worker_scope("skillsync/events.read"))]
Operates = Annotated[Principal, Depends(worker_scope("skillsync/operations.read"))]
Asked = Annotated[Operations, Depends(_operations)]
Moment = Annotated[AwareDatetime, AfterValidator(_bounded)]
After = Annotated[Id | None, Query(description="The event after which to begin: the `next` of the page before")]
Since = Annotated[Moment | None, Query(alias="from", description="Only events written at this moment or later")]
Until = Annotated[Moment | None, Query(alias="to", description="Only events written before this moment")]
PageSize = Annotated[int, Query(ge=1, le=500, description="How many events at the most")]
MessageId = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
MessageIds = Annotated[list[MessageId], Query(alias="id", max_length=100, description="Ids that SQS gave the messages")]


class EventPage(BaseModel):
    """Envelopes as they were published, in the order of their ids; `next` is null when there are no more now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "specversion": "1.0",
                            "id": "0190c5d4-8f6e-7000-8000-000000000040",
                            "type": "user.created.v1",
                            "source": "/users",
                            "subject": "0190c5d4-8f6e-7000-8000-000000000001",
                            "time": "2030-01-01T12:00:00.000Z",
                            "sequence": 1,
                            "data": {"from": None, "to": "active"},
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )

    items: list[dict[str, Any]]
    next: str | None


class Stuck(BaseModel):
    """A subject whose oldest waiting event was tried in vain, or waits for more than ten seconds."""

    subject: str
    type: str
    pending: int
    attempts: int
    since: datetime
    last_error: str | None


class OutboxAnswer(BaseModel):
    """What waits in the outbox; `stuck` names at most 20 subjects, the oldest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"pending": 0, "lag_seconds": None, "oldest_at": None, "stuck": []}]}
    )

    pending: int
    lag_seconds: float | None
    oldest_at: datetime | None
    stuck: list[Stuck]

    @classmethod
    def of(cls, state: OutboxState) -> "OutboxAnswer":
        """The state as it is shown."""
        return cls.model_validate(state, from_attributes=True)


class Failed(BaseModel):
    """Why a message failed the last time that it was received."""

    message_id: str
    event_id: str | None
    type: str | None
    traceparent: str | None
    reason: str
    receives: int
    failed_at: datetime


class FailedPage(BaseModel):
    """Those of the messages asked for that failed here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "message_id": "5b2c1f0e-0000-4000-8000-000000000001",
                            "event_id": None,
                            "type": None,
                            "traceparent": None,
                            "reason": "body: Invalid JSON",
                            "receives": 5,
                            "failed_at": "2030-01-01T12:00:00Z",
                        }
                    ]
                }
            ]
        }
    )

    items: list[Failed]

    @classmethod
    def of(cls, messages: Sequence[FailedMessage]) -> "FailedPage":
        """The messages as they are shown."""
        return cls(items=[Failed.model_validate(message, from_attributes=True) for message in messages])


@producer_router.get("/internal/events", response_model=EventPage, openapi_extra=_ACCESS)
async def events(
    _: ReadsEvents,
    operations: Asked,
    after: After = None,
    since: Since = None,
    until: Until = None,
    limit: PageSize = 100,
) -> Response:
    """The events this service has committed, published or not, for a consumer that builds its read model anew."""
    page = await operations.events(after=after, since=since, until=until, limit=limit)
    following = page[-1][0] if len(page) == limit else None
    # The envelopes are JSON already.
    body = f'{{"items":[{",".join(payload for _, payload in page)}],"next":{json.dumps(following)}}}'
    return Response(body, media_type="application/json")


@producer_router.get("/internal/outbox", openapi_extra=_ACCESS)
async def outbox(_: Operates, operations: Asked) -> OutboxAnswer:
    """How many events wait to be published, for how long, and which do not get out."""
    return OutboxAnswer.of(await operations.outbox_state())


@consumer_router.get("/internal/failed-messages", openapi_extra=_ACCESS)
async def failed_messages(_: Operates, operations: Asked, ids: MessageIds) -> FailedPage:
    """Why messages failed; those that did not fail here, or whose failure was never written down, are missing."""
    return FailedPage.of(await operations.failed_messages(ids))
