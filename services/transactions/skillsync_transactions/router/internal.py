"""For workers of other services; never routed by the edge."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from skillsync_kit.auth import Principal, access, worker_scope
from skillsync_kit.ids import Id
from skillsync_kit.routing import Route
from skillsync_transactions.router.context import InContext
from skillsync_transactions.schemas import (
    BooksAnswer,
    StatementForWorkers,
    TransactionRepresentation,
    represent_books,
    represent_statement,
)

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["transactions"])

Viewer = Annotated[Id, Query(alias="as", description="Whom to answer for")]
Since = Annotated[AwareDatetime, Query(description="From when on what was given and received is counted")]
Operates = Annotated[Principal, Depends(worker_scope("skillsync/operations.read"))]
After = Annotated[Id | None, Query(description="Where to begin: the `next` of the page before")]
PageSize = Annotated[int, Query(ge=1, le=500, description="How many transactions to look at, at the most")]
ReadsForPeople = Annotated[Principal, Depends(worker_scope("skillsync/transactions.read"))]


@router.get(
    "/internal/transactions/{id}",
    response_model=TransactionRepresentation,
    openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200),
)
async def read_as(id: Id, viewer: Viewer, worker: ReadsForPeople, context: InContext) -> TransactionRepresentation:
    """One transaction as the user `as` would be answered; for workers that write to that user."""
    as_viewer = Principal(id=viewer, token=worker.token)
    return context.shown(await context.transactions.read(as_viewer, id), as_viewer)


@router.get("/internal/statements/{owner}", openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200))
async def statement(owner: Id, since: Since, _: ReadsForPeople, context: InContext) -> StatementForWorkers:
    """A member's hours, and what they gave and received since a moment; for workers that write to that member."""
    return represent_statement(await context.ledger.statement(owner, since))


@router.get("/internal/books", openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200))
async def books(_: Operates, context: InContext, after: After = None, limit: PageSize = 500) -> BooksAnswer:
    """The finalized transactions with what the ledger has of them, by id; for whoever proves that others agree."""
    return represent_books(*await context.ledger.books(after=after, limit=limit))
