"""What builds the read model: each event adds facts, none reads what came before, so their order does not matter."""

from skillsync_analytics.events import FinalizedExchange
from skillsync_analytics.repository import MemberExchange, MemberRepository
from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.telemetry import log

__all__ = ["Projections"]


class Projections:
    """The projections of this service."""

    def __init__(self, repository: MemberRepository) -> None:
        self._repository = repository

    async def count_exchange(self, unit: UnitOfWork, event: Event) -> None:
        """Count a finalized exchange for each who took part. Raises UnreadableEvent."""
        exchange = FinalizedExchange.of(event)
        given: dict[str, int] = {}
        received: dict[str, int] = {}
        for leg in exchange.legs.values():
            given[leg.giver] = given.get(leg.giver, 0) + leg.minutes
            received[leg.receiver] = received.get(leg.receiver, 0) + leg.minutes
        # In one order everywhere: two deliveries at once then lock the same rows one after the other.
        parts = [
            MemberExchange(user, event.subject, given.get(user, 0), received.get(user, 0), event.time)
            for user in sorted(given.keys() | received.keys())
        ]
        if not await self._repository.add(unit, parts):
            # An exchange is finalized once. Told of again under another event id, it still counts once.
            log.warning("exchange was counted before", subject=event.subject, event_id=event.id)

    async def pass_over(self, unit: UnitOfWork, event: Event) -> None:
        """Do nothing, on purpose: no measure needs this event yet, and it must not end in the dead-letter queue."""
