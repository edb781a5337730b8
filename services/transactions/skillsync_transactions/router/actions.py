"""What people do with a transaction, each under an Idempotency-Key."""

from fastapi import APIRouter, Response

from skillsync_kit.auth import Person, access
from skillsync_kit.etags import IfMatch
from skillsync_kit.ids import Id
from skillsync_kit.openapi import responses
from skillsync_kit.routing import Route
from skillsync_transactions.errors import (
    AlreadyReversed,
    IncompleteTransaction,
    InvalidTerms,
    NotAMember,
    NotEnoughHours,
    NotYours,
    ParticipantUnavailable,
    ReasonRequired,
    TermsChanged,
    TooManyOpenProposals,
    WrongState,
)
from skillsync_transactions.router.context import InContext, Key
from skillsync_transactions.schemas import AgreedTerms, Proposal, Refusal, Reversal, TransactionRepresentation

__all__ = ["router"]

router = APIRouter(route_class=Route, prefix="/v1/transactions/{id}", tags=["transactions"])


@router.post(
    "/propose",
    response_model=TransactionRepresentation,
    responses=responses(
        NotAMember, WrongState, TooManyOpenProposals, IncompleteTransaction, InvalidTerms, ParticipantUnavailable
    ),
    openapi_extra=access(owner=200, counterparty=404, stranger=404, worker=403),
)
async def propose(
    id: Id, by: Person, if_match: IfMatch, key: Key, context: InContext, body: Proposal | None = None
) -> Response:
    """Make a draft known to the other participants; the author accepts its terms by that."""
    days_open = (body or Proposal()).expires_after_days
    reply = await context.transactions.propose(by, id, days_open, if_match, context.once(key, by))
    return reply.response()


@router.post(
    "/accept",
    response_model=TransactionRepresentation,
    responses=responses(NotAMember, WrongState, TermsChanged, NotEnoughHours, ParticipantUnavailable),
    openapi_extra=access(owner=200, counterparty=200, stranger=404, worker=403),
)
async def accept(id: Id, body: AgreedTerms, by: Person, if_match: IfMatch, key: Key, context: InContext) -> Response:
    """Say yes to the terms one has read. The last participant's yes makes it accepted, and the hours are held."""
    reply = await context.transactions.accept(by, id, body.terms_rev, if_match, context.once(key, by))
    return reply.response()


@router.post(
    "/decline",
    response_model=TransactionRepresentation,
    responses=responses(NotAMember, NotYours, WrongState),
    openapi_extra=access(owner=403, counterparty=200, stranger=404, worker=403),
)
async def decline(
    id: Id, by: Person, if_match: IfMatch, key: Key, context: InContext, body: Refusal | None = None
) -> Response:
    """Say no to another's proposal."""
    reason = body.reason if body else None
    reply = await context.transactions.decline(by, id, reason, if_match, context.once(key, by))
    return reply.response()


@router.post(
    "/cancel",
    response_model=TransactionRepresentation,
    responses=responses(NotAMember, NotYours, WrongState, ReasonRequired),
    openapi_extra=access(owner=200, counterparty=200, stranger=404, worker=403),
)
async def cancel(
    id: Id, by: Person, if_match: IfMatch, key: Key, context: InContext, body: Refusal | None = None
) -> Response:
    """Call off one's own proposal; or, with a reason, what was accepted. Held hours are released."""
    reason = body.reason if body else None
    reply = await context.transactions.cancel(by, id, reason, if_match, context.once(key, by))
    return reply.response()


@router.post(
    "/finalize",
    response_model=TransactionRepresentation,
    responses=responses(NotAMember, WrongState, TermsChanged),
    openapi_extra=access(owner=200, counterparty=200, stranger=404, worker=403),
)
async def finalize(id: Id, body: AgreedTerms, by: Person, if_match: IfMatch, key: Key, context: InContext) -> Response:
    """Say that the exchange took place; answers with the final representation when that completes it."""
    reply = await context.transactions.finalize(by, id, body.terms_rev, if_match, context.once(key, by))
    return reply.response()


@router.post(
    "/reverse",
    status_code=201,
    response_model=TransactionRepresentation,
    responses=responses(NotAMember, WrongState, AlreadyReversed, TooManyOpenProposals, ParticipantUnavailable),
    openapi_extra=access(owner=201, counterparty=201, stranger=404, worker=403),
)
async def reverse(id: Id, body: Reversal, by: Person, if_match: IfMatch, key: Key, context: InContext) -> Response:
    """Propose to undo a finalized transaction by a new one, with its legs turned round."""
    reply = await context.transactions.reverse(by, id, body.reason, if_match, context.once(key, by, 201))
    return reply.response()
