"""What the routes need of their app."""

from typing import Annotated

from fastapi import Depends, Request

from skillsync_kit.auth import Principal
from skillsync_kit.idempotency import Idempotency, IdempotencyKey, Once, Reply
from skillsync_kit.ids import canonical_id
from skillsync_notifications.errors import NotificationNotFound
from skillsync_notifications.service import Languages, MemberPreferences, Notifications

__all__ = ["Context", "InContext", "Key", "conceal"]


class Context:
    """The use cases of one app."""

    def __init__(self, request: Request) -> None:
        self.notifications: Notifications = request.app.state.notifications
        self.preferences: MemberPreferences = request.app.state.preferences
        self.languages: Languages = request.app.state.languages
        self._idempotency: Idempotency = request.app.state.idempotency

    def once(self, key: IdempotencyKey) -> Once[int]:
        """Do something once under the caller's key, and answer that it was done."""
        return key.answering(self._idempotency, lambda _: Reply(204, ""))


async def _context(request: Request) -> Context:
    return Context(request)


InContext = Annotated[Context, Depends(_context)]
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]


async def conceal(request: Request, principal: Principal) -> None:
    """Raise NotificationNotFound when the path names a notification that is not the caller's."""
    if "id" in request.path_params:
        try:
            id = canonical_id(request.path_params["id"])
        except ValueError:
            raise NotificationNotFound() from None
        await request.app.state.notifications.require_own(principal, id)
