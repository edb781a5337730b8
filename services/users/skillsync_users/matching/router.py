"""The route of matches."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from skillsync_kit.auth import Person, access
from skillsync_kit.routing import Route
from skillsync_users.matching.entities import MOST_MATCHES
from skillsync_users.matching.schemas import MatchList, represent
from skillsync_users.matching.service import Matching

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["matches"])

OfThisKind = Annotated[Literal["direct"], Query(description="Two people who each offer what the other wants")]
Most = Annotated[int, Query(ge=1, le=MOST_MATCHES, description="How many at the most; there are no further pages")]


@router.get("/v1/matches", openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403))
async def read(request: Request, by: Person, kind: OfThisKind, limit: Most = 20) -> MatchList:
    """Members who offer what the caller wants and want what the caller offers, in ways that let them meet."""
    matching: Matching = request.app.state.matching
    return represent(await matching.direct(by, limit))
