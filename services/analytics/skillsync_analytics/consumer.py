"""Messages in: every type that `analytics-queue` lets through has a handler."""

from skillsync_analytics.projections import Projections
from skillsync_kit.database import UnitOfWork
from skillsync_kit.erasures import Erasures
from skillsync_kit.events import Event
from skillsync_kit.inbox import Handler

__all__ = ["handlers"]

_PASSED_OVER = (
    "user.created.v1",
    "user.updated.v1",
    "user.suspended.v1",
    "user.reinstated.v1",
    "offering.published.v1",
    "offering.changed.v1",
    "offering.paused.v1",
    "offering.fulfilled.v1",
    "offering.expired.v1",
    "transaction.proposed.v1",
    "transaction.revised.v1",
    "transaction.accepted_by.v1",
    "transaction.accepted.v1",
    "transaction.confirmed.v1",
    "transaction.declined.v1",
    "transaction.cancelled.v1",
    "transaction.expired.v1",
    "email.sent.v1",
    "email.bounced.v1",
    "email.complained.v1",
)


def handlers(projections: Projections, erasures: Erasures | None = None) -> dict[str, Handler]:
    """The handler of each event type that arrives on `analytics-queue`; a rebuild writes no erasures down."""

    async def acknowledge(unit: UnitOfWork, event: Event) -> None:
        # Ids and figures alone are kept here, so there is nothing to empty.
        if erasures is not None:
            await erasures.record(unit, event.subject)

    return {
        "transaction.finalized.v1": projections.count_exchange,
        "user.erased.v1": acknowledge,
        **dict.fromkeys(_PASSED_OVER, projections.pass_over),
    }
