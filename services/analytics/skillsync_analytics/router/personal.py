"""The caller's own figures."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from skillsync_analytics.queries import Queries
from skillsync_analytics.router.formats import Wanted, as_csv, as_json, with_csv
from skillsync_analytics.schemas import MemberMeasures, personal_csv, represent
from skillsync_kit.auth import Person, access
from skillsync_kit.routing import Route

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["analytics"])
_EXAMPLE = (
    "measure,value,as_of,definition\r\n"
    "finalized,3,2030-01-01T12:00:00+00:00,Exchanges you took part in that were finalized.\r\n"
)


async def _queries(request: Request) -> Queries:
    queries: Queries = request.app.state.queries
    return queries


@router.get(
    "/v1/analytics/me",
    response_model=MemberMeasures,
    responses=with_csv(_EXAMPLE),
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def of_me(by: Person, wants_csv: Wanted, queries: Annotated[Queries, Depends(_queries)]) -> Response:
    """The caller's own figures; zeros for someone without exchanges."""
    shown = represent(*await queries.of_member(by))
    return as_csv(personal_csv(shown), "my-exchanges") if wants_csv else as_json(shown)
