"""The caller's hours."""

from fastapi import APIRouter, Response

from skillsync_kit.auth import Person, access
from skillsync_kit.pagination import Cursor, Limit, link_next, read_cursor, write_cursor
from skillsync_kit.routing import Route
from skillsync_transactions.router.context import InContext
from skillsync_transactions.schemas import BalanceRepresentation, LedgerPage, represent_balance, represent_entry

__all__ = ["router"]

router = APIRouter(route_class=Route, prefix="/v1/ledger", tags=["ledger"])


@router.get(
    "",
    response_model=LedgerPage,
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def entries(by: Person, context: InContext, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """What came to the caller's account and left it, the newest first."""
    found = await context.ledger.page(by, after=read_cursor(cursor, {}), limit=limit)
    next = write_cursor(found.after, {})
    shown = LedgerPage(items=[represent_entry(entry) for entry in found.items], next=next)
    response = Response(shown.model_dump_json(), media_type="application/json")
    link_next(response, "/v1/ledger", {}, limit, next)
    return response


@router.get(
    "/balance",
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def balance(by: Person, context: InContext) -> BalanceRepresentation:
    """The caller's hours: the balance, what is held of it, and how far it may go down."""
    return represent_balance(await context.ledger.balance(by))
