"""Messages in: the handler of each event type that arrives on `user-queue`."""

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.inbox import Handler
from skillsync_users.stats import consumer as stats_consumer
from skillsync_users.stats.service import Tally

__all__ = ["handlers"]

# The queue's filter lets these through, and nothing follows from them here: statistics count finalized exchanges alone,
# and the fate of mails is kept by notifications. A type without a handler would end in the dead-letter queue.
_WITHOUT_EFFECT = (
    "transaction.proposed.v1",
    "transaction.accepted.v1",
    "email.sent.v1",
    "email.bounced.v1",
    "email.complained.v1",
)


def handlers(tally: Tally) -> dict[str, Handler]:
    """The handler of each event type that the queue's filter lets through."""
    return {**dict.fromkeys(_WITHOUT_EFFECT, _pass_over), **stats_consumer.handlers(tally)}


async def _pass_over(_: UnitOfWork, __: Event) -> None:
    """Handled by doing nothing, on purpose."""
