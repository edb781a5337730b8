"""The routes of proposed skills: HTTP in, shape out, no decisions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from skillsync_kit.auth import NotACoordinator, Person, access
from skillsync_kit.etags import IfNoneMatch, etag, is_current
from skillsync_kit.idempotency import Idempotency, IdempotencyKey, Once, Reply
from skillsync_kit.ids import Id
from skillsync_kit.openapi import responses
from skillsync_kit.pagination import Cursor, Limit, link_next, read_cursor, write_cursor
from skillsync_kit.routing import Route
from skillsync_users.errors import NotAMember
from skillsync_users.proposals.entities import Proposal, ProposalStatus
from skillsync_users.proposals.errors import (
    AlreadyProposed,
    CatalogueFull,
    ProposalDecided,
    SkillExists,
    TooManyProposals,
    UnknownCategory,
    UnusableName,
)
from skillsync_users.proposals.schemas import ProposalPage, ProposalRepresentation, SkillToPropose, represent
from skillsync_users.proposals.service import Proposals

__all__ = ["router"]

_PATH = "/v1/skills/proposals"

router = APIRouter(route_class=Route, prefix=_PATH, tags=["proposals"])


class Context:
    """What the routes need of their app."""

    def __init__(self, request: Request) -> None:
        self.proposals: Proposals = request.app.state.proposals
        self._idempotency: Idempotency = request.app.state.idempotency

    def answer(self, proposal: Proposal, status: int = 200) -> Reply:
        """The proposal as an answer, with its ETag."""
        headers = {"ETag": etag(proposal.version)}
        if status == 201:
            headers["Location"] = f"{_PATH}/{proposal.id}"
        return Reply(status, represent(proposal).model_dump_json(), headers)

    def once(self, key: IdempotencyKey, status: int = 200) -> Once[Proposal]:
        """Do a use case once under the caller's key."""
        return key.answering(self._idempotency, lambda proposal: self.answer(proposal, status))


async def _context(request: Request) -> Context:
    return Context(request)


InContext = Annotated[Context, Depends(_context)]
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]
Status = Annotated[ProposalStatus | None, Query(description="What has become of them")]


@router.post(
    "",
    status_code=201,
    response_model=ProposalRepresentation,
    responses=responses(UnknownCategory, UnusableName, NotAMember, SkillExists, AlreadyProposed, TooManyProposals),
    openapi_extra=access(owner=201, counterparty=201, stranger=201, worker=403),
)
async def propose(body: SkillToPropose, by: Person, key: Key, context: InContext) -> Response:
    """Propose a skill that the catalogue lacks; a coordinator decides."""
    reply = await context.proposals.propose(by, body.category, body.name, context.once(key, 201))
    return reply.response()


@router.get("", openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403))
async def page(
    by: Person,
    context: InContext,
    response: Response,
    status: Status = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> ProposalPage:
    """The caller's proposals; everybody's for a coordinator; the newest first."""
    filters = {"status": status}
    found = await context.proposals.page(by, status, after=read_cursor(cursor, filters), limit=limit)
    after = write_cursor(found.after, filters)
    link_next(response, _PATH, filters, limit, after)
    return ProposalPage(items=[represent(proposal) for proposal in found.items], next=after)


@router.get(
    "/{id}",
    response_model=ProposalRepresentation,
    openapi_extra=access(owner=200, counterparty=404, stranger=404, coordinator=200, worker=403),
)
async def read(id: Id, by: Person, context: InContext, if_none_match: IfNoneMatch) -> Response:
    """One proposal: the caller's own, or any for a coordinator."""
    proposal = await context.proposals.read(by, id)
    if is_current(if_none_match, proposal.version):
        return Response(status_code=304, headers={"ETag": etag(proposal.version)})
    return context.answer(proposal).response()


@router.post(
    "/{id}/approve",
    response_model=ProposalRepresentation,
    responses=responses(NotACoordinator, NotAMember, ProposalDecided, CatalogueFull),
    openapi_extra=access(owner=403, counterparty=404, stranger=404, coordinator=200, worker=403),
)
async def approve(id: Id, by: Person, key: Key, context: InContext) -> Response:
    """Make a proposal part of the catalogue."""
    reply = await context.proposals.decide(by, id, ProposalStatus.APPROVED, context.once(key))
    return reply.response()


@router.post(
    "/{id}/decline",
    response_model=ProposalRepresentation,
    responses=responses(NotACoordinator, NotAMember, ProposalDecided),
    openapi_extra=access(owner=403, counterparty=404, stranger=404, coordinator=200, worker=403),
)
async def decline(id: Id, by: Person, key: Key, context: InContext) -> Response:
    """Say no to a proposal; the same may be proposed again."""
    reply = await context.proposals.decide(by, id, ProposalStatus.DECLINED, context.once(key))
    return reply.response()
