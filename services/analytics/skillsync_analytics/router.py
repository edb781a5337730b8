"""The service's routes: HTTP in, shape out, no decisions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from skillsync_analytics.queries import Queries
from skillsync_analytics.schemas import MemberMeasures, represent
from skillsync_kit.auth import Person, access
from skillsync_kit.erasures_router import erasures_router
from skillsync_kit.operations_router import consumer_router
from skillsync_kit.routing import Route

__all__ = ["routers"]

router = APIRouter(route_class=Route, tags=["analytics"])
routers = (router, erasures_router, consumer_router)


async def _queries(request: Request) -> Queries:
    queries: Queries = request.app.state.queries
    return queries


@router.get(
    "/v1/analytics/me",
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def of_me(by: Person, queries: Annotated[Queries, Depends(_queries)]) -> MemberMeasures:
    """The caller's own figures; zeros for someone without exchanges."""
    return represent(*await queries.of_member(by))
