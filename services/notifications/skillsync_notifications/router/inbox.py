"""The inbox: HTTP in, shape out, no decisions."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from skillsync_kit.auth import Person, access
from skillsync_kit.etags import IfMatch, etag
from skillsync_kit.ids import Id
from skillsync_kit.openapi import responses
from skillsync_kit.pagination import Cursor, Limit, link_next, read_cursor, write_cursor
from skillsync_kit.routing import Route
from skillsync_notifications.errors import NotificationNotFound
from skillsync_notifications.router.context import InContext, Key
from skillsync_notifications.schemas import NotificationPage, NotificationPatch, NotificationRepresentation, represent

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["notifications"])

Patch = Annotated[NotificationPatch, Body(media_type="application/merge-patch+json")]
OnlyUnread = Annotated[bool, Query(description="Only what is unread")]


@router.get(
    "/v1/notifications",
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def page(
    by: Person,
    context: InContext,
    response: Response,
    unread: OnlyUnread = False,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> NotificationPage:
    """The caller's inbox, the newest first: what they were told, whether it was read, and what became of the mail."""
    filters = {"unread": "true" if unread else None}
    after = read_cursor(cursor, filters)
    found = await context.notifications.page(by, only_unread=unread, after=after, limit=limit)
    following = write_cursor(found.page.after, filters)
    link_next(response, "/v1/notifications", filters, limit, following)
    return NotificationPage(items=[represent(mail) for mail in found.page.items], next=following, unread=found.unread)


@router.patch(
    "/v1/notifications/{id}",
    response_model=NotificationRepresentation,
    responses=responses(NotificationNotFound),
    openapi_extra=access(owner=200, counterparty=404, stranger=404, worker=403),
)
async def mark(id: Id, body: Patch, by: Person, if_match: IfMatch, context: InContext) -> Response:
    """Mark a notification as read, or as unread."""
    mail = await context.notifications.mark(by, id, read=body.read, precondition=if_match)
    headers = {"ETag": etag(mail.version)}
    return Response(represent(mail).model_dump_json(), 200, headers, "application/json")


@router.post(
    "/v1/notifications/read-all",
    status_code=204,
    response_class=Response,
    openapi_extra=access(owner=204, counterparty=204, stranger=204, worker=403),
)
async def read_all(by: Person, key: Key, context: InContext) -> Response:
    """Mark the whole inbox as read."""
    return (await context.notifications.read_all(by, context.once(key))).response()
