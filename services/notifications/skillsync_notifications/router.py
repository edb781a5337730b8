"""The service's routes: HTTP in, shape out, no decisions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from skillsync_kit.auth import Person, access
from skillsync_kit.erasures_router import erasures_router
from skillsync_kit.operations_router import consumer_router, producer_router
from skillsync_kit.pagination import Cursor, Limit, link_next, read_cursor, write_cursor
from skillsync_kit.routing import Route
from skillsync_notifications.schemas import NotificationPage, represent
from skillsync_notifications.service import Notifications

__all__ = ["routers"]

router = APIRouter(route_class=Route, tags=["notifications"])
routers = (router, erasures_router, producer_router, consumer_router)


async def _notifications(request: Request) -> Notifications:
    found: Notifications = request.app.state.notifications
    return found


@router.get(
    "/v1/notifications",
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def page(
    by: Person,
    notifications: Annotated[Notifications, Depends(_notifications)],
    response: Response,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> NotificationPage:
    """The caller's inbox, the newest first: what they were told by mail, and whether the mail left."""
    found = await notifications.page(by, after=read_cursor(cursor, {}), limit=limit)
    after = write_cursor(found.after, {})
    link_next(response, "/v1/notifications", {}, limit, after)
    return NotificationPage(items=[represent(mail) for mail in found.items], next=after)
