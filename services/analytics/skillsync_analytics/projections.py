"""What builds the read model. Events add rows, or the newest wins: so their order, and repetitions, do not matter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from skillsync_analytics.entities.exchange import ENDINGS, Exchange
from skillsync_analytics.events import MemberFacts, OfferingFacts, Terms
from skillsync_analytics.repository import Categories, MemberExchange, ReadModel, load_categories
from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.telemetry import log

__all__ = ["Projections"]


class Projections:
    """The projections of this service."""

    def __init__(self, model: ReadModel, categories: Categories | None = None) -> None:
        self._model = model
        self._categories = categories or load_categories()

    async def follow_exchange(self, unit: UnitOfWork, event: Event) -> None:
        """Learn what became of an exchange, and who did something. Raises UnreadableEvent."""
        await self._follow(unit, event, Terms.of(event))

    async def count_exchange(self, unit: UnitOfWork, event: Event) -> None:
        """Count a finalized exchange for each who took part. Raises UnreadableEvent."""
        terms = Terms.of(event)
        parts = _parts(terms, self._categories)
        personal = [
            MemberExchange(
                user,
                event.subject,
                sum(part["minutes_given"] for part in parts if part["user_id"] == user),
                sum(part["minutes_received"] for part in parts if part["user_id"] == user),
                event.time,
            )
            for user in terms.participants
        ]
        if not await self._model.personal.add(unit, personal):
            # An exchange is finalized once. Told of again under another event id, it still counts once.
            log.warning("exchange was counted before", subject=event.subject, event_id=event.id)
            return
        await self._model.add_parts(unit, event.subject, parts, event.time)
        await self._follow(unit, event, terms)

    async def follow_member(self, unit: UnitOfWork, event: Event) -> None:
        """Learn of a member's sign-up and status. Raises UnreadableEvent."""
        facts = MemberFacts.of(event)
        await self._model.learn_of_member(
            unit,
            event.subject,
            status=facts.to,
            sequence=event.sequence,
            at=event.time,
            has_joined=_name(event) == "created",
        )

    async def follow_offering(self, unit: UnitOfWork, event: Event) -> None:
        """Learn what somebody offers or wants, and who did something. Raises UnreadableEvent."""
        facts = OfferingFacts.of(event)
        told = {"owner": facts.owner, "kind": facts.kind, "skill": facts.skill, "status": facts.to}
        await self._model.learn_of_offering(unit, event.subject, told, sequence=event.sequence, at=event.time)
        await self._note_actor(unit, event)

    async def pass_over(self, unit: UnitOfWork, event: Event) -> None:
        """Do nothing, on purpose: no measure needs this event, and it must not end in the dead-letter queue."""

    async def _follow(self, unit: UnitOfWork, event: Event, terms: Terms) -> None:
        await self._model.learn_of_exchange(unit, _told(event, terms), terms.participants)
        await self._note_actor(unit, event)

    async def _note_actor(self, unit: UnitOfWork, event: Event) -> None:
        # Time has no actor, and is nobody's activity.
        if event.actor is not None:
            await self._model.note_activity(unit, event.actor, event.time)


def _name(event: Event) -> str:
    """What happened: `finalized` of `transaction.finalized.v1`."""
    return event.type.split(".")[1]


def _told(event: Event, terms: Terms) -> Exchange:
    name = _name(event)

    def moment(*names: str) -> datetime | None:
        return event.time if name in names else None

    return Exchange(
        transaction_id=event.subject,
        sequence=event.sequence,
        settlement=terms.settlement,
        minutes=terms.minutes,
        last_event_at=event.time,
        proposed_at=moment("proposed"),
        accepted_at=moment("accepted"),
        ended_at=moment(*ENDINGS),
        ending=name if name in ENDINGS else None,
    )


def _parts(terms: Terms, categories: Categories) -> Sequence[dict[str, Any]]:
    """What each participant gave and received of each category; in one order everywhere."""
    given: dict[tuple[str, str], int] = {}
    received: dict[tuple[str, str], int] = {}
    for leg in terms.legs.values():
        category = categories.of(leg.skill)
        given[leg.giver, category] = given.get((leg.giver, category), 0) + leg.minutes
        received[leg.receiver, category] = received.get((leg.receiver, category), 0) + leg.minutes
    return [
        {
            "user_id": user,
            "category": category,
            "minutes_given": given.get((user, category), 0),
            "minutes_received": received.get((user, category), 0),
        }
        for user, category in sorted(given.keys() | received.keys())
    ]
