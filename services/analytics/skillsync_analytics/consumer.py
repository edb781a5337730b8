"""Messages in: every type that `analytics-queue` lets through has a handler."""

from skillsync_analytics.projections import Projections
from skillsync_kit.database import UnitOfWork
from skillsync_kit.erasures import Erasures
from skillsync_kit.events import Event
from skillsync_kit.inbox import Handler

__all__ = ["handlers"]

_OF_MEMBERS = ("created", "updated", "suspended", "reinstated")
_OF_OFFERINGS = ("published", "changed", "paused", "fulfilled", "expired")
_OF_EXCHANGES = ("proposed", "revised", "accepted_by", "accepted", "confirmed", "declined", "cancelled", "expired")
_PASSED_OVER = ("email.sent.v1", "email.bounced.v1", "email.complained.v1")


def handlers(projections: Projections, erasures: Erasures | None = None) -> dict[str, Handler]:
    """The handler of each event type that arrives on `analytics-queue`; a rebuild writes no erasures down."""

    async def acknowledge(unit: UnitOfWork, event: Event) -> None:
        # Ids and figures alone are kept here, so there is nothing to empty.
        await projections.follow_member(unit, event)
        if erasures is not None:
            await erasures.record(unit, event.subject)

    return {
        "transaction.finalized.v1": projections.count_exchange,
        **{f"transaction.{name}.v1": projections.follow_exchange for name in _OF_EXCHANGES},
        **{f"user.{name}.v1": projections.follow_member for name in _OF_MEMBERS},
        **{f"offering.{name}.v1": projections.follow_offering for name in _OF_OFFERINGS},
        "user.erased.v1": acknowledge,
        **dict.fromkeys(_PASSED_OVER, projections.pass_over),
    }
