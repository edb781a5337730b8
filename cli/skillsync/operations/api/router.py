"""The operators' routes: HTTP in, shape out, no decisions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from skillsync.operations.api.redrives import RedriveInProgress, Redriven, Redrives
from skillsync.operations.api.schemas import (
    RedriveAnswer,
    SystemAnswer,
    TrailAnswer,
    represent_picture,
    represent_redriven,
    represent_trail,
)
from skillsync.operations.api.system import LiveSystem
from skillsync.operations.api.trails import ExchangeTrails
from skillsync_kit.auth import Operator, access
from skillsync_kit.errors import DependencyUnavailable, NotFound
from skillsync_kit.idempotency import IdempotencyKey, Reply
from skillsync_kit.ids import Id
from skillsync_kit.openapi import responses
from skillsync_kit.routing import Route

__all__ = ["router"]

router = APIRouter(route_class=Route, prefix="/v1/operations", tags=["operations"])
_ACCESS = access(owner=404, counterparty=404, stranger=404, operator=200, worker=404)

Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]
QueueName = Annotated[str, Path(min_length=1, max_length=64, examples=["user", "user-subscription"])]


async def _system(request: Request) -> LiveSystem:
    system: LiveSystem = request.app.state.system
    return system


async def _redrives(request: Request) -> Redrives:
    redrives: Redrives = request.app.state.redrives
    return redrives


async def _trails(request: Request) -> ExchangeTrails:
    trails: ExchangeTrails = request.app.state.trails
    return trails


@router.get("/system", openapi_extra=_ACCESS)
async def system(_: Operator, live: Annotated[LiveSystem, Depends(_system)]) -> SystemAnswer:
    """Processes, queues and outboxes as they are now, at most a second old. What is silent is named, and no error."""
    return represent_picture(await live.look())


@router.post(
    "/queues/{queue}/redrive",
    response_model=RedriveAnswer,
    responses=responses(NotFound, RedriveInProgress, DependencyUnavailable),
    openapi_extra=_ACCESS,
)
async def redrive(
    _: Operator, queue: QueueName, key: Key, redrives: Annotated[Redrives, Depends(_redrives)]
) -> Response:
    """Move messages of a DLQ back to their queue: at most 100, and no more than there are now.

    `queue` is a consumer's: what it gave up on; with `-subscription` behind it, what SNS could not deliver to it.
    """
    return _reply(await redrives.redrive(queue, key)).response()


@router.get(
    "/exchanges/{transaction_id}/trail",
    responses=responses(NotFound, DependencyUnavailable),
    openapi_extra=_ACCESS,
)
async def trail(_: Operator, transaction_id: Id, trails: Annotated[ExchangeTrails, Depends(_trails)]) -> TrailAnswer:
    """An exchange's way through the system: each event's request, commit, publication, consumers and mails.

    Ids, types and times alone. A draft has no events, and so no trail.
    """
    return represent_trail(await trails.of(transaction_id))


def _reply(redriven: Redriven) -> Reply:
    return Reply(200, represent_redriven(redriven).model_dump_json(), replayed=redriven.replayed)
