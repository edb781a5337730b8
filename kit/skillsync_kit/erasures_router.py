"""Whether this service has done its part of an erasure; for the worker that asks all. Never routed by the edge."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from skillsync_kit.auth import Principal, access, worker_scope
from skillsync_kit.erasures import Erasures
from skillsync_kit.errors import NotFound
from skillsync_kit.ids import Id
from skillsync_kit.routing import Route

__all__ = ["erasures_router"]

erasures_router = APIRouter(route_class=Route, tags=["erasures"])

Erases = Annotated[Principal, Depends(worker_scope("skillsync/users.erase"))]


async def _erasures(request: Request) -> Erasures:
    erasures: Erasures = request.app.state.erasures
    return erasures


class Acknowledgement(BaseModel):
    """Nothing is left of the person here."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"erased_at": "2030-01-08T12:00:00Z"}]})

    erased_at: datetime


@erasures_router.get(
    "/internal/erasures/{user_id}",
    # The worker too: nobody of the matrix was erased.
    openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=404),
)
async def acknowledgement(user_id: Id, _: Erases, erasures: Annotated[Erasures, Depends(_erasures)]) -> Acknowledgement:
    """When this service had nothing left of the person; 404 until then."""
    found = await erasures.find(user_id)
    if found is None or found.done_at is None:
        raise NotFound()
    return Acknowledgement(erased_at=found.done_at)
