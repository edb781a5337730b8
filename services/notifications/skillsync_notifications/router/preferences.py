"""The switches: HTTP in, shape out, no decisions."""

from fastapi import APIRouter, Response

from skillsync_kit.auth import Person, access
from skillsync_kit.errors import PreconditionRequired
from skillsync_kit.etags import IfMatch, IfNoneMatch, etag, is_current
from skillsync_kit.openapi import responses
from skillsync_kit.routing import Route
from skillsync_notifications.entities import Preferences
from skillsync_notifications.errors import RequiredMail
from skillsync_notifications.router.context import InContext
from skillsync_notifications.schemas import Switchboard

__all__ = ["router"]

router = APIRouter(route_class=Route, prefix="/v1/notifications/preferences", tags=["preferences"])


@router.get(
    "",
    response_model=Switchboard,
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def read(by: Person, context: InContext, if_none_match: IfNoneMatch) -> Response:
    """What the caller is told of, and by which channel."""
    found = await context.preferences.read(by.id)
    if is_current(if_none_match, found.version):
        return Response(status_code=304, headers={"ETag": etag(found.version)})
    return _answer(found)


@router.put(
    "",
    response_model=Switchboard,
    responses=responses(RequiredMail, PreconditionRequired),
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def replace(body: Switchboard, by: Person, if_match: IfMatch, context: InContext) -> Response:
    """Set every switch anew. They count from the next mail on, also for what is waiting to be sent."""
    return _answer(await context.preferences.replace(by, body.switches(), if_match))


def _answer(found: Preferences) -> Response:
    headers = {"ETag": etag(found.version)}
    return Response(Switchboard.of(found).model_dump_json(), 200, headers, "application/json")
