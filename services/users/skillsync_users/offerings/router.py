"""The routes of offerings: HTTP in, shape out, no decisions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from skillsync_kit.auth import Person, Principal, access, worker_scope
from skillsync_kit.etags import IfMatch, IfNoneMatch, etag, is_current
from skillsync_kit.idempotency import Idempotency, IdempotencyKey, Once, Reply
from skillsync_kit.ids import Id
from skillsync_kit.openapi import responses
from skillsync_kit.pagination import Cursor, Limit, link_next, read_cursor, write_cursor
from skillsync_kit.routing import Route
from skillsync_kit.texts import Line, Slug
from skillsync_users.errors import NotAMember
from skillsync_users.offerings.entities import Filters, Kind, Offering
from skillsync_users.offerings.errors import (
    ExpiryOutOfRange,
    NotYours,
    OfferingEnded,
    OfferingExists,
    TooManyOfferings,
    UnknownSkill,
)
from skillsync_users.offerings.schemas import (
    OfferingForWorkers,
    OfferingPage,
    OfferingPatch,
    OfferingRepresentation,
    OfferingToPublish,
    represent,
    represent_to_worker,
)
from skillsync_users.offerings.service import Offerings

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["offerings"])


class Context:
    """What the routes need of their app."""

    def __init__(self, request: Request) -> None:
        self.offerings: Offerings = request.app.state.offerings
        self._idempotency: Idempotency = request.app.state.idempotency

    def answer(self, offering: Offering, status: int = 200) -> Reply:
        """The offering as an answer, with its ETag."""
        headers = {"ETag": etag(offering.version)}
        if status == 201:
            headers["Location"] = f"/v1/offerings/{offering.id}"
        return Reply(status, represent(offering).model_dump_json(), headers)

    def once(self, key: IdempotencyKey, status: int = 200) -> Once[Offering]:
        """Act once under the caller's key."""
        return key.answering(self._idempotency, lambda offering: self.answer(offering, status))


async def _context(request: Request) -> Context:
    return Context(request)


InContext = Annotated[Context, Depends(_context)]
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]
Patch = Annotated[OfferingPatch, Body(media_type="application/merge-patch+json")]
Owner = Annotated[
    Literal["me"] | Id | None, Query(description="Whose; 'me' shows the caller's own, whatever their status")
]
Skill = Annotated[Slug | None, Query(description="A slug of GET /v1/skills")]
OfThisKind = Annotated[Kind | None, Query(description="Offered or wanted")]
Meeting = Annotated[
    Literal["in_person", "remote"] | None, Query(description="How to meet; what can take place either way is found too")
]
ReadsContacts = Annotated[Principal, Depends(worker_scope("skillsync/users.contact"))]
Words = Annotated[Line | None, Query(max_length=100, description="Words that the text or the skill's name holds")]


@router.post(
    "/v1/offerings",
    status_code=201,
    response_model=OfferingRepresentation,
    responses=responses(UnknownSkill, ExpiryOutOfRange, NotAMember, OfferingExists, TooManyOfferings),
    openapi_extra=access(owner=201, counterparty=201, stranger=201, worker=403),
)
async def publish(body: OfferingToPublish, by: Person, key: Key, context: InContext) -> Response:
    """Offer a skill, or want one; every member sees it."""
    reply = await context.offerings.publish(by, body.written(), context.once(key, 201))
    return reply.response()


@router.get(
    "/v1/offerings",
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def page(
    by: Person,
    context: InContext,
    response: Response,
    owner: Owner = None,
    kind: OfThisKind = None,
    skill: Skill = None,
    modality: Meeting = None,
    q: Words = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> OfferingPage:
    """What members offer and want, the newest first."""
    filters = {"owner": owner, "kind": kind, "skill": skill, "modality": modality, "q": q}
    wanted = Filters(by.id if owner == "me" else owner, kind, skill, modality, q)
    found = await context.offerings.page(by, wanted, read_cursor(cursor, filters), limit)
    after = write_cursor(found.after, filters)
    link_next(response, "/v1/offerings", filters, limit, after)
    return OfferingPage(items=[represent(offering) for offering in found.items], next=after)


@router.get(
    "/v1/offerings/{id}",
    response_model=OfferingRepresentation,
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def read(id: Id, by: Person, context: InContext, if_none_match: IfNoneMatch) -> Response:
    """One offering: an active one, or any of the caller's own."""
    offering = await context.offerings.read(by, id)
    if is_current(if_none_match, offering.version):
        return Response(status_code=304, headers={"ETag": etag(offering.version)})
    return context.answer(offering).response()


@router.patch(
    "/v1/offerings/{id}",
    response_model=OfferingRepresentation,
    responses=responses(ExpiryOutOfRange, NotAMember, NotYours, OfferingExists, OfferingEnded),
    openapi_extra=access(owner=200, counterparty=403, stranger=403, worker=403),
)
async def change(id: Id, body: Patch, by: Person, if_match: IfMatch, context: InContext) -> Response:
    """Change one's own offering; pause, resume or fulfil it by its status."""
    return context.answer(await context.offerings.change(by, id, body.changes(), if_match)).response()


@router.post(
    "/v1/offerings/{id}/renew",
    response_model=OfferingRepresentation,
    responses=responses(NotAMember, NotYours, OfferingExists),
    openapi_extra=access(owner=200, counterparty=403, stranger=403, worker=403),
)
async def renew(id: Id, by: Person, if_match: IfMatch, key: Key, context: InContext) -> Response:
    """Make one's own offering active for another 180 days, whatever became of it."""
    reply = await context.offerings.renew(by, id, if_match, context.once(key))
    return reply.response()


@router.delete(
    "/v1/offerings/{id}",
    status_code=204,
    responses=responses(NotAMember, NotYours),
    openapi_extra=access(owner=204, counterparty=403, stranger=403, worker=403),
)
async def delete(id: Id, by: Person, if_match: IfMatch, context: InContext) -> None:
    """Take one's own offering away for good."""
    await context.offerings.delete(by, id, if_match)


@router.get(
    "/internal/offerings/{id}",
    openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200),
)
async def read_for_workers(id: Id, _: ReadsContacts, context: InContext) -> OfferingForWorkers:
    """How an offering stands at this moment; for workers that remind its owner."""
    offering = await context.offerings.read_any(id)
    return represent_to_worker(offering, await context.offerings.skill_name(offering))
