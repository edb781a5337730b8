"""The route of statistics."""

from fastapi import APIRouter, Request

from skillsync_kit.auth import Person, access
from skillsync_kit.ids import Id
from skillsync_kit.routing import Route
from skillsync_users.stats.schemas import StatisticsRepresentation, represent
from skillsync_users.stats.service import Stats

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["stats"])


@router.get(
    "/v1/users/{id}/stats",
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def read(id: Id, _: Person, request: Request) -> StatisticsRepresentation:
    """What a member has exchanged: a read model that follows the events."""
    stats: Stats = request.app.state.stats
    return represent(await stats.read(id))
