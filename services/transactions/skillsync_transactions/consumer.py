"""Messages in: what this service must know of users."""

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.inbox import Handler
from skillsync_transactions.service import Farewell, Members

__all__ = ["handlers"]

_USER_EVENTS = ("created", "updated", "suspended", "reinstated")


def handlers(members: Members, farewell: Farewell) -> dict[str, Handler]:
    """The handler of each event type that arrives on `transaction-queue`."""

    async def record_status(unit: UnitOfWork, event: Event) -> None:
        status = event.data.get("to")
        if not isinstance(status, str):
            raise UnreadableEvent("data.to: a user's status is needed")
        await members.record_status(unit, event.subject, status, event.sequence)

    async def let_go(unit: UnitOfWork, event: Event) -> None:
        await record_status(unit, event)
        await farewell.begin(unit, event.subject)

    recorded = {f"user.{name}.v1": record_status for name in _USER_EVENTS}
    return {**recorded, "user.erased.v1": let_go}
