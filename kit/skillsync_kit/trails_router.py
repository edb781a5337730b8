"""A subject's trail through this service, for the worker that puts all of it together. Never routed by the edge."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict

from skillsync_kit.auth import Principal, access, worker_scope
from skillsync_kit.ids import Id
from skillsync_kit.routing import Route
from skillsync_kit.trails import EVENTS_AT_MOST, Handled, TrailEvent, Trails

__all__ = ["EventIds", "Operates", "consumed_trails_router", "produced_trails_router"]

_ACCESS = access(owner=404, counterparty=404, stranger=404, worker=200)

produced_trails_router = APIRouter(route_class=Route, tags=["operations"])
"""Of a service that has an outbox."""

consumed_trails_router = APIRouter(route_class=Route, tags=["operations"])
"""Of a service that has a queue."""

Operates = Annotated[Principal, Depends(worker_scope("skillsync/operations.read"))]
EventIds = Annotated[
    list[Id], Query(alias="event", min_length=1, max_length=EVENTS_AT_MOST, description="Ids of events, once for each")
]


async def _trails(request: Request) -> Trails:
    trails: Trails = request.app.state.trails
    return trails


Asked = Annotated[Trails, Depends(_trails)]


class EventStep(BaseModel):
    """An event of the subject: when its cause came in, when it was committed, and when it was published."""

    id: str
    type: str
    sequence: int
    traceparent: str | None
    received_at: datetime | None
    created_at: datetime
    published_at: datetime | None
    attempts: int


class EventSteps(BaseModel):
    """The newest events of the subject, the oldest of them first; `more` when there are older ones."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": "0190c5d4-8f6e-7000-8000-000000000040",
                            "type": "transaction.proposed.v1",
                            "sequence": 1,
                            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
                            "received_at": "2030-01-01T12:00:00.000Z",
                            "created_at": "2030-01-01T12:00:00.021Z",
                            "published_at": "2030-01-01T12:00:00.054Z",
                            "attempts": 0,
                        }
                    ],
                    "more": False,
                }
            ]
        }
    )

    items: list[EventStep]
    more: bool

    @classmethod
    def of(cls, events: Sequence[TrailEvent]) -> "EventSteps":
        """The events as they are shown."""
        shown = [EventStep.model_validate(event, from_attributes=True) for event in events[-EVENTS_AT_MOST:]]
        return cls(items=shown, more=len(events) > EVENTS_AT_MOST)


class HandledStep(BaseModel):
    """When this service's consumer began with the effect of an event."""

    event_id: str
    processed_at: datetime


class HandledSteps(BaseModel):
    """Those of the events asked for that had their effect here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "event_id": "0190c5d4-8f6e-7000-8000-000000000040",
                            "processed_at": "2030-01-01T12:00:00.071Z",
                        }
                    ]
                }
            ]
        }
    )

    items: list[HandledStep]

    @classmethod
    def of(cls, handled: Sequence[Handled]) -> "HandledSteps":
        """The events as they are shown."""
        return cls(items=[HandledStep.model_validate(one, from_attributes=True) for one in handled])


@produced_trails_router.get("/internal/trails/{subject}", openapi_extra=_ACCESS)
async def produced(_: Operates, trails: Asked, subject: Id) -> EventSteps:
    """When the events of one subject were committed and published; empty for a subject that has none here."""
    return EventSteps.of(await trails.events(subject))


@consumed_trails_router.get("/internal/processed-messages", openapi_extra=_ACCESS)
async def consumed(_: Operates, trails: Asked, events: EventIds) -> HandledSteps:
    """When events had their effect here; those that had none are missing."""
    return HandledSteps.of(await trails.handled(events))
