"""Messages in: every type that `analytics-queue` lets through has a handler."""

from skillsync_analytics.projections import Projections
from skillsync_kit.inbox import Handler

__all__ = ["handlers"]

_OF_MEMBERS = ("created", "updated", "suspended", "reinstated", "erased")
_OF_OFFERINGS = ("published", "changed", "paused", "fulfilled", "expired")
_OF_EXCHANGES = ("proposed", "revised", "accepted_by", "accepted", "confirmed", "declined", "cancelled", "expired")
_PASSED_OVER = ("email.sent.v1", "email.bounced.v1", "email.complained.v1")


def handlers(projections: Projections) -> dict[str, Handler]:
    """The handler of each event type that arrives on `analytics-queue`."""
    return {
        "transaction.finalized.v1": projections.count_exchange,
        **{f"transaction.{name}.v1": projections.follow_exchange for name in _OF_EXCHANGES},
        **{f"user.{name}.v1": projections.follow_member for name in _OF_MEMBERS},
        **{f"offering.{name}.v1": projections.follow_offering for name in _OF_OFFERINGS},
        **dict.fromkeys(_PASSED_OVER, projections.pass_over),
    }
