"""For workers that prove that the read model and the ledger agree; never routed by the edge."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from skillsync_analytics.queries import Bookkeeping
from skillsync_analytics.schemas import BooksAnswer, represent_books
from skillsync_kit.auth import Principal, access, worker_scope
from skillsync_kit.ids import Id
from skillsync_kit.routing import Route

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["operations"])

Operates = Annotated[Principal, Depends(worker_scope("skillsync/operations.read"))]
After = Annotated[Id | None, Query(description="Where to begin: the `next` of the page before")]
PageSize = Annotated[int, Query(ge=1, le=500, description="How many exchanges to look at, at the most")]


async def _bookkeeping(request: Request) -> Bookkeeping:
    bookkeeping: Bookkeeping = request.app.state.bookkeeping
    return bookkeeping


@router.get("/internal/books", openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200))
async def books(
    _: Operates,
    bookkeeping: Annotated[Bookkeeping, Depends(_bookkeeping)],
    after: After = None,
    limit: PageSize = 500,
) -> BooksAnswer:
    """The finalized exchanges that are counted, with their minutes, by id."""
    return represent_books(await bookkeeping.page(after=after, limit=limit))
