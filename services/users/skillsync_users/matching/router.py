"""The route of matches."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from skillsync_kit.auth import Person, access
from skillsync_kit.routing import Route
from skillsync_users.matching.entities import MOST_MATCHES
from skillsync_users.matching.schemas import MatchList, RingList, represent, represent_rings
from skillsync_users.matching.service import Matching

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["matches"])

OfThisKind = Annotated[
    Literal["direct", "ring"],
    Query(
        description="direct: two people who each offer what the other wants; ring: three, each of whom offers what the "
        "next one wants"
    ),
]
Most = Annotated[int, Query(ge=1, le=MOST_MATCHES, description="How many at the most; there are no further pages")]


@router.get("/v1/matches", openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403))
async def read(request: Request, by: Person, kind: OfThisKind, limit: Most = 20) -> MatchList | RingList:
    """Members who offer what the caller wants and want what the caller offers, directly or by way of a third.

    People are matched by skills and by ways that let the two of a leg meet.
    """
    matching: Matching = request.app.state.matching
    if kind == "ring":
        return represent_rings(await matching.rings(by, limit))
    return represent(await matching.direct(by, limit))
