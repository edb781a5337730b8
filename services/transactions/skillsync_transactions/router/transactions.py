"""Transactions: written, listed, read, changed, taken away."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Response

from skillsync_kit.auth import Person, access
from skillsync_kit.etags import IfMatch, IfNoneMatch, etag, is_current
from skillsync_kit.ids import Id, canonical_id
from skillsync_kit.openapi import responses
from skillsync_kit.pagination import Cursor, Limit, link_next, read_cursor, write_cursor
from skillsync_kit.routing import Route
from skillsync_transactions.entities import State
from skillsync_transactions.errors import (
    IncompleteTransaction,
    InvalidTerms,
    NotAMember,
    ParticipantUnavailable,
    WrongState,
)
from skillsync_transactions.router.context import InContext, Key
from skillsync_transactions.schemas import (
    HistoryPage,
    Moment,
    TransactionPage,
    TransactionPatch,
    TransactionRepresentation,
    page_as_json,
    represent_history,
)
from skillsync_transactions.service import Filters

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["transactions"])

Patch = Annotated[TransactionPatch, Body(media_type="application/merge-patch+json")]
InState = Annotated[State | None, Query(description="The state they are in")]
Role = Annotated[Literal["author", "participant"] | None, Query(description="As what the caller takes part")]
UpdatedAfter = Annotated[
    Moment | None, Query(description="Only those changed after this moment, the longest unchanged first")
]


@router.post(
    "/v1/transactions",
    status_code=201,
    response_model=TransactionRepresentation,
    responses=responses(NotAMember, InvalidTerms, ParticipantUnavailable),
    openapi_extra=access(owner=201, counterparty=201, stranger=201, worker=403),
)
async def create(body: TransactionPatch, by: Person, key: Key, context: InContext) -> Response:
    """Write a new draft. It may be incomplete; its author alone sees it."""
    reply = await context.transactions.create(by, body.changes(by.id), context.once(key, by, 201))
    return reply.response()


@router.get(
    "/v1/transactions",
    response_model=TransactionPage,
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def page(
    by: Person,
    context: InContext,
    state: InState = None,
    role: Role = None,
    updated_after: UpdatedAfter = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """The caller's transactions, the newest first; with `updated_after`, by their last change."""
    filters = {"state": state, "role": role, "updated_after": updated_after.isoformat() if updated_after else None}
    after = read_cursor(cursor, filters, parts=(_moment, canonical_id) if updated_after else (canonical_id,))
    found = await context.transactions.page(by, Filters(state, role, updated_after), after=after, limit=limit)
    next = write_cursor(found.after, filters)
    shown = TransactionPage(items=[context.shown(transaction, by) for transaction in found.items], next=next)
    response = Response(page_as_json(shown), media_type="application/json")
    link_next(response, "/v1/transactions", filters, limit, next)
    return response


@router.get(
    "/v1/transactions/{id}",
    response_model=TransactionRepresentation,
    openapi_extra=access(owner=200, counterparty=200, stranger=404, worker=403),
)
async def read(id: Id, by: Person, context: InContext, if_none_match: IfNoneMatch) -> Response:
    """One transaction."""
    transaction = await context.transactions.read(by, id)
    if is_current(if_none_match, transaction.version):
        return Response(status_code=304, headers={"ETag": etag(transaction.version)})
    return context.answer(transaction, by).response()


@router.patch(
    "/v1/transactions/{id}",
    response_model=TransactionRepresentation,
    responses=responses(NotAMember, WrongState, InvalidTerms, IncompleteTransaction, ParticipantUnavailable),
    openapi_extra=access(owner=200, counterparty=200, stranger=404, worker=403),
)
async def change(id: Id, body: Patch, by: Person, if_match: IfMatch, context: InContext) -> Response:
    """Edit a draft; revise a proposal (a counter-offer); amend what was accepted, which proposes it anew."""
    transaction = await context.transactions.change(by, id, body.changes(by.id), if_match)
    return context.answer(transaction, by).response()


@router.delete(
    "/v1/transactions/{id}",
    status_code=204,
    responses=responses(NotAMember, WrongState),
    openapi_extra=access(owner=204, counterparty=404, stranger=404, worker=403),
)
async def delete(id: Id, by: Person, if_match: IfMatch, context: InContext) -> None:
    """Take a draft away."""
    await context.transactions.delete(by, id, if_match)


@router.get(
    "/v1/transactions/{id}/history",
    response_model=HistoryPage,
    openapi_extra=access(owner=200, counterparty=200, stranger=404, worker=403),
)
async def history(id: Id, by: Person, context: InContext, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Who did what to a transaction, and when, from its beginning."""
    filters = {"of": id}
    found = await context.transactions.history(
        by, id, after=read_cursor(cursor, filters, parts=(_number,)), limit=limit
    )
    next = write_cursor(found.after, filters)
    shown = HistoryPage(items=[represent_history(entry) for entry in found.items], next=next)
    response = Response(shown.model_dump_json(by_alias=True), media_type="application/json")
    link_next(response, f"/v1/transactions/{id}/history", {}, limit, next)
    return response


def _moment(text: str) -> None:
    """Raise ValueError for what cannot be the moment in a cursor."""
    if datetime.fromisoformat(text).isoformat() != text or not text.endswith("+00:00"):
        raise ValueError("no moment in UTC")


def _number(text: str) -> None:
    """Raise ValueError for what cannot be the number of a history's entry in a cursor."""
    if not 0 < int(text) < 2**31:
        raise ValueError("no number of an entry")
