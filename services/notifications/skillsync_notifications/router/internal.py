"""For the worker that puts an exchange's trail together; never routed by the edge."""

from fastapi import APIRouter

from skillsync_kit.auth import access
from skillsync_kit.routing import Route
from skillsync_kit.trails_router import EventIds, Operates
from skillsync_notifications.router.context import InContext
from skillsync_notifications.schemas import MailSteps, represent_steps

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["operations"])


@router.get("/internal/mails", openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200))
async def mails(_: Operates, context: InContext, events: EventIds) -> MailSteps:
    """The mails that these events caused: when each was intended, when sent, what became of it. No recipients."""
    return represent_steps(await context.notifications.caused_by(events))
