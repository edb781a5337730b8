"""The routes of those who leave: HTTP in, shape out, no decisions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from skillsync_kit.auth import Person, Principal, access, worker_scope
from skillsync_kit.etags import IfMatch, etag
from skillsync_kit.idempotency import Idempotency, IdempotencyKey, Once, Reply
from skillsync_kit.openapi import responses
from skillsync_kit.routing import Route
from skillsync_users.erasure.schemas import ErasureWish, OpenErasures, represent_open
from skillsync_users.erasure.service import Leaving
from skillsync_users.profiles.entities import Profile
from skillsync_users.profiles.errors import ErasureUnderWay, ProfileNotFound
from skillsync_users.profiles.schemas import OwnProfile, represent_own

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["leaving"])


class Context:
    """What the routes need of their app."""

    def __init__(self, request: Request) -> None:
        self.leaving: Leaving = request.app.state.leaving
        self._idempotency: Idempotency = request.app.state.idempotency

    def once(self, key: IdempotencyKey) -> Once[Profile]:
        """Stay once under the caller's key."""
        return key.answering(self._idempotency, _answer)


async def _context(request: Request) -> Context:
    return Context(request)


def _answer(profile: Profile) -> Reply:
    return Reply(200, represent_own(profile).model_dump_json(), {"ETag": etag(profile.version)})


InContext = Annotated[Context, Depends(_context)]
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]
Operates = Annotated[Principal, Depends(worker_scope("skillsync/operations.read"))]


@router.delete(
    "/v1/users/me",
    status_code=202,
    responses=responses(ProfileNotFound),
    openapi_extra=access(owner=202, counterparty=202, stranger=202, worker=403),
)
async def leave(by: Person, if_match: IfMatch, context: InContext, response: Response) -> ErasureWish:
    """Let the caller's account be erased, everywhere, when the days to change one's mind are over.

    Asked again, the answer is the same, whatever version it names.
    """
    profile = await context.leaving.ask(by, if_match)
    response.headers["ETag"] = etag(profile.version)
    return ErasureWish.model_validate(profile, from_attributes=True)


@router.post(
    "/v1/users/me/restore",
    response_model=OwnProfile,
    responses=responses(ProfileNotFound, ErasureUnderWay),
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def stay(by: Person, key: Key, if_match: IfMatch, context: InContext) -> Response:
    """Take the wish to be erased back; without such a wish, nothing changes."""
    return (await context.leaving.stay(by, context.once(key), if_match)).response()


@router.get("/internal/erasures", openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200))
async def open_erasures(_: Operates, context: InContext) -> OpenErasures:
    """The erasures that somebody has not done their part of yet, with who that is, and those that are still to come."""
    return represent_open(await context.leaving.open(), await context.leaving.planned())
