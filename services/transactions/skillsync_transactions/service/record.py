"""What one commit writes for a change: the row, its history, its hours, and the events that tell of it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.telemetry import current_flow, traceparent
from skillsync_transactions.entities import Change, Transaction
from skillsync_transactions.events import AccountSoftLimitCrossed, TransactionEvent
from skillsync_transactions.repository import TransactionRepository
from skillsync_transactions.service.ledger import Ledger

__all__ = ["Record"]

DomainEvent = TransactionEvent | AccountSoftLimitCrossed

_SOURCE = "/transactions"


class Record:
    """Keeps changes, all of each or nothing."""

    def __init__(self, *, repository: TransactionRepository, ledger: Ledger, new_id: Callable[[], str]) -> None:
        self._repository = repository
        self._ledger = ledger
        self._new_id = new_id

    async def add(self, unit: UnitOfWork, transaction: Transaction, changes: Sequence[Change]) -> None:
        """Keep a new transaction."""
        events = [event for change in changes for event in self._events(transaction, change)]
        await self._repository.add(unit, transaction, changes)
        unit.publish(*events)

    async def save(self, unit: UnitOfWork, transaction: Transaction, change: Change | None) -> None:
        """Keep a change; None, the repetition of a completed action, changes nothing.

        Raises ChangedMeanwhile, and NotEnoughHours when the change would take somebody under their floor.
        """
        if change is None:
            return
        events = self._events(transaction, change)
        await self._repository.save(unit, transaction, change)
        if change.movement:
            crossed = await self._ledger.move(
                unit, change.movement, transaction_id=transaction.id, actor=change.actor, now=change.at
            )
            events += [self._event(fact, a.owner, a.event_sequence, change.actor, change.at) for a, fact in crossed]
        unit.publish(*events)

    def _events(self, transaction: Transaction, change: Change) -> list[Event]:
        events = []
        for fact in change.events:
            transaction.event_sequence += 1
            events.append(self._event(fact, transaction.id, transaction.event_sequence, change.actor, change.at))
        return events

    def _event(self, fact: DomainEvent, subject: str, sequence: int, actor: str | None, at: datetime) -> Event:
        flow = current_flow()
        return Event(
            id=self._new_id(),
            type=fact.type,
            source=_SOURCE,
            subject=subject,
            sequence=sequence,
            time=at,
            data=fact.data(),
            actor=actor,
            correlation_id=flow.correlation_id,
            causation_id=flow.causation_id,
            traceparent=traceparent(),
        )
