"""The routes of coordinators: HTTP in, shape out, no decisions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from skillsync_kit.auth import Coordinator, access
from skillsync_kit.etags import IfMatch, etag
from skillsync_kit.idempotency import Idempotency, IdempotencyKey, Once, Reply
from skillsync_kit.ids import Id
from skillsync_kit.openapi import responses
from skillsync_kit.routing import Route
from skillsync_users.errors import NotAMember
from skillsync_users.profiles.entities import Profile
from skillsync_users.profiles.errors import NotYourself, WrongStatus
from skillsync_users.suspension.schemas import Standing, Suspension, represent
from skillsync_users.suspension.service import Suspensions

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["coordinators"])

_ACCESS = access(owner=403, counterparty=403, stranger=403, coordinator=200, worker=403)
_REFUSALS = responses(NotYourself, NotAMember, WrongStatus)


class Context:
    """What the routes need of their app."""

    def __init__(self, request: Request) -> None:
        self.suspensions: Suspensions = request.app.state.suspensions
        self._idempotency: Idempotency = request.app.state.idempotency

    def once(self, key: IdempotencyKey) -> Once[Profile]:
        """Decide once under the caller's key."""
        return key.answering(self._idempotency, _answer)


async def _context(request: Request) -> Context:
    return Context(request)


def _answer(profile: Profile) -> Reply:
    return Reply(200, represent(profile).model_dump_json(), {"ETag": etag(profile.version)})


InContext = Annotated[Context, Depends(_context)]
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]


@router.post("/v1/users/{id}/suspend", response_model=Standing, responses=_REFUSALS, openapi_extra=_ACCESS)
async def suspend(
    id: Id, body: Suspension, by: Coordinator, key: Key, if_match: IfMatch, context: InContext
) -> Response:
    """Take a member's right to act away; they may still read what is theirs."""
    reply = await context.suspensions.suspend(by, id, body.reason, context.once(key), if_match)
    return reply.response()


@router.post("/v1/users/{id}/reinstate", response_model=Standing, responses=_REFUSALS, openapi_extra=_ACCESS)
async def reinstate(id: Id, by: Coordinator, key: Key, if_match: IfMatch, context: InContext) -> Response:
    """Give a suspended member the right to act back."""
    return (await context.suspensions.reinstate(by, id, context.once(key), if_match)).response()
