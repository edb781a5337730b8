"""The routes of profiles: HTTP in, shape out, no decisions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from skillsync_kit.auth import COORDINATOR, NotACoordinator, Person, Principal, access, require_group, worker_scope
from skillsync_kit.errors import FieldError, Invalid
from skillsync_kit.etags import IfMatch, IfNoneMatch, etag, is_current
from skillsync_kit.idempotency import Idempotency, IdempotencyKey, Once, Reply
from skillsync_kit.ids import Id
from skillsync_kit.openapi import responses
from skillsync_kit.pagination import Cursor, Limit, link_next, read_cursor, write_cursor
from skillsync_kit.routing import Route
from skillsync_kit.texts import Line, Slug
from skillsync_users.errors import EmailNotVerified, EmailUnusable, NotAMember
from skillsync_users.profiles.entities import Directory, Profile, UserStatus
from skillsync_users.profiles.errors import EmailTaken, ProfileExists, ProfileNotFound
from skillsync_users.profiles.schemas import (
    Contact,
    NewProfile,
    OwnProfile,
    ProfilePatch,
    PublicProfileRepresentation,
    UserPage,
    contact,
    represent_own,
    represent_public,
)
from skillsync_users.profiles.service import Profiles

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["profiles"])


class Context:
    """What the routes need of their app."""

    def __init__(self, request: Request) -> None:
        self.profiles: Profiles = request.app.state.profiles
        self._idempotency: Idempotency = request.app.state.idempotency

    def own(self, profile: Profile, status: int = 200) -> Reply:
        """The caller's own profile as an answer, with its ETag."""
        headers = {"ETag": etag(profile.version)}
        if status == 201:
            headers["Location"] = f"/v1/users/{profile.id}"
        return Reply(status, represent_own(profile).model_dump_json(), headers)

    def once(self, key: IdempotencyKey) -> Once[Profile]:
        """Make a profile once under the caller's key."""
        return key.answering(self._idempotency, lambda profile: self.own(profile, 201))


async def _context(request: Request) -> Context:
    return Context(request)


InContext = Annotated[Context, Depends(_context)]
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]
Patch = Annotated[ProfilePatch, Body(media_type="application/merge-patch+json")]
ReadsContacts = Annotated[Principal, Depends(worker_scope("skillsync/users.contact"))]
Ids = Annotated[list[Id] | None, Query(alias="id", max_length=100, description="The members to name, and no others")]
Skill = Annotated[Slug | None, Query(description="A slug of GET /v1/skills")]
OfThisKind = Annotated[Literal["offer", "want"] | None, Query(description="Whether they offer it or want it")]
Meeting = Annotated[
    Literal["in_person", "remote"] | None, Query(description="How to meet; who is open to either way is found too")
]
OfThisStatus = Annotated[Literal["active", "suspended"] | None, Query(description="Active ones unless said otherwise")]
Words = Annotated[Line | None, Query(max_length=100, description="Words that names or descriptions hold")]


@router.post(
    "/v1/users",
    status_code=201,
    response_model=OwnProfile,
    responses=responses(EmailNotVerified, EmailUnusable, ProfileExists, EmailTaken),
    # Everyone in the matrix is a member already, and signs up once.
    openapi_extra=access(owner=409, counterparty=409, stranger=409, worker=403),
)
async def sign_up(body: NewProfile, by: Person, key: Key, context: InContext) -> Response:
    """Make the caller's own profile, once. Its e-mail address is the one the user pool has verified."""
    reply = await context.profiles.sign_up(by, body.changes(), context.once(key))
    return reply.response()


@router.get(
    "/v1/users",
    responses=responses(NotACoordinator),
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def page(
    by: Person,
    context: InContext,
    response: Response,
    ids: Ids = None,
    skill: Skill = None,
    kind: OfThisKind = None,
    modality: Meeting = None,
    q: Words = None,
    status: OfThisStatus = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> UserPage:
    """The directory of members, by what they offer and want; or, with `id`, the names of those members in one call.

    With `status=suspended` those who are suspended, for coordinators.
    """
    filters = {"skill": skill, "kind": kind, "modality": modality, "q": q, "status": status}
    if ids is not None:
        if any(filters.values()) or cursor:
            raise Invalid("Ask for ids or search, not both.", errors=(FieldError("the query: id", "stands alone"),))
        return UserPage(items=[represent_public(p) for p in await context.profiles.named(ids)], next=None)
    if status == "suspended":
        require_group(by, COORDINATOR)
    after = read_cursor(cursor, filters)
    wanted = Directory(skill, kind, modality, q, UserStatus(status or UserStatus.ACTIVE))
    found = await context.profiles.page(wanted, after, limit)
    following = write_cursor(found.after, filters)
    link_next(response, "/v1/users", filters, limit, following)
    return UserPage(items=[represent_public(profile) for profile in found.items], next=following)


@router.get(
    "/v1/users/me",
    response_model=OwnProfile,
    responses=responses(ProfileNotFound),
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def read_own(by: Person, context: InContext, if_none_match: IfNoneMatch) -> Response:
    """The caller's own profile."""
    profile = await context.profiles.read(by.id)
    if is_current(if_none_match, profile.version):
        return Response(status_code=304, headers={"ETag": etag(profile.version)})
    return context.own(profile).response()


@router.patch(
    "/v1/users/me",
    response_model=OwnProfile,
    responses=responses(ProfileNotFound, NotAMember),
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def change_own(body: Patch, by: Person, if_match: IfMatch, context: InContext) -> Response:
    """Change the caller's own profile."""
    return context.own(await context.profiles.change(by, body.changes(), if_match)).response()


@router.get(
    "/v1/users/{id}",
    response_model=PublicProfileRepresentation,
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def read(id: Id, _: Person, context: InContext, if_none_match: IfNoneMatch) -> Response:
    """A member's public profile."""
    profile = await context.profiles.read(id)
    headers = {"ETag": etag(profile.version)}
    if is_current(if_none_match, profile.version):
        return Response(status_code=304, headers=headers)
    return Response(represent_public(profile.public).model_dump_json(), 200, headers, "application/json")


@router.get(
    "/internal/users/{id}/contact",
    openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200),
)
async def read_contact(id: Id, _: ReadsContacts, context: InContext) -> Contact:
    """How to write to a user; for workers that send mail."""
    return contact(await context.profiles.read(id))
