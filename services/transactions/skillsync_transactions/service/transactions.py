"""What people do with transactions.

The order of checks is that of docs/architecture.md: may the caller know of it (404), was it asked before (replay), does
`If-Match` hold (428, 412), may the caller do it now (403, 409).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import DependencyUnavailable, Failure
from skillsync_kit.etags import Precondition
from skillsync_kit.idempotency import Once, Reply
from skillsync_kit.pagination import Page
from skillsync_transactions.entities import Change, Changes, Name, State, Transaction
from skillsync_transactions.entities.records import HistoryEntry
from skillsync_transactions.errors import InvalidTerms, NotAMember, ParticipantUnavailable, TransactionNotFound
from skillsync_transactions.repository import Seen, TransactionRepository
from skillsync_transactions.service.ledger import Ledger
from skillsync_transactions.service.members import Members, people_in, refuse_suspended, refuse_unavailable
from skillsync_transactions.service.record import Record

__all__ = ["Filters", "Transactions"]

Verb = Callable[[Transaction, datetime], Change | None]

# What binds people needs all of them to be active; what sets them free, or counts what took place, the actor alone.
_BINDING = frozenset({"propose", "revise", "amend", "accept"})
# Sorts after every id.
_AFTER_EVERY_ID = "~"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which of the caller's transactions a list shows; with `updated_after` the longest unchanged come first."""

    state: State | None = None
    role: Literal["author", "participant"] | None = None
    updated_after: datetime | None = None


class Transactions:
    """The use cases of people."""

    def __init__(
        self,
        *,
        database: Database,
        repository: TransactionRepository,
        record: Record,
        ledger: Ledger,
        members: Members,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._record = record
        self._ledger = ledger
        self._members = members
        self._clock = clock
        self._new_id = new_id

    # --- reading ---

    async def read(self, by: Principal, id: str) -> Transaction:
        """One transaction. Raises TransactionNotFound."""
        async with self._database.read() as connection:
            return (await self._visible(connection, id, by)).transaction

    async def page(
        self, by: Principal, filters: Filters, *, after: tuple[str, ...] | None, limit: int
    ) -> Page[Transaction]:
        """A page of the caller's transactions: the newest first, or by their last change when that is asked for."""
        if filters.updated_after is not None:
            return await self._page_of_updated(by, filters, filters.updated_after, after, limit)
        async with self._database.read() as connection:
            found = await self._repository.page(
                connection,
                by.id,
                state=filters.state,
                role=filters.role,
                before_id=after[0] if after else None,
                limit=limit + 1,
            )
        return Page.of(found, limit, lambda transaction: (transaction.id,))

    async def history(self, by: Principal, id: str, *, after: tuple[str, ...] | None, limit: int) -> Page[HistoryEntry]:
        """A page of a transaction's history, from its beginning. Raises TransactionNotFound."""
        number = int(after[0]) if after else 0
        async with self._database.read() as connection:
            seen = await self._visible(connection, id, by)
            found = await self._repository.history(connection, seen.transaction, after=number, limit=limit + 1)
        return Page.of(found, limit, lambda entry: (str(entry.number),))

    # --- writing ---

    async def create(self, by: Principal, changes: Changes, once: Once[Transaction]) -> Reply:
        """Write a new draft."""
        now = self._clock.now()
        try:
            transaction, change = Transaction.draft(self._new_id(), by.id, changes, now)
            transaction.names = await self._members.names({by.id, *transaction.participants}, by, transaction)
        except (InvalidTerms, DependencyUnavailable, ParticipantUnavailable, NotAMember) as refusal:
            # A repeated request is answered from its record, whatever has become of the people and the date in it.
            return await once.replay_or_raise(self._database, refusal)

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            if claim.is_repeated:
                return claim.replay()
            await self._members.require_active(unit.connection, by.id, transaction, transaction.participants)
            await self._record.add(unit, transaction, (change,))
            return await once.answer(unit, transaction)

        return await self._database.run(work)

    async def change(self, by: Principal, id: str, changes: Changes, precondition: Precondition) -> Transaction:
        """Edit a draft, make a counter-offer, or amend what was accepted."""
        names = await self._names_of_newcomers(by, id, changes)

        async def work(unit: UnitOfWork) -> Transaction:
            seen = await self._visible(unit.connection, id, by)
            transaction, now = seen.transaction, self._clock.now()
            with _explained(transaction, by, now):
                precondition.require(transaction.version)
                refuse_suspended(by.id, seen.unavailable)
                change = transaction.change(by.id, changes, now)
                if change and change.action in _BINDING:
                    refuse_unavailable(seen.unavailable, transaction)
                transaction.know(names)
                if names:
                    await self._members.require_active(unit.connection, by.id, transaction, names)
                await self._record.save(unit, transaction, change)
            return transaction

        return await self._database.run(work)

    async def delete(self, by: Principal, id: str, precondition: Precondition) -> None:
        """Take a draft away."""

        async def work(unit: UnitOfWork) -> None:
            seen = await self._visible(unit.connection, id, by)
            with _explained(seen.transaction, by, self._clock.now()):
                precondition.require(seen.transaction.version)
                refuse_suspended(by.id, seen.unavailable)
                seen.transaction.delete(by.id, self._clock.now())
            await self._repository.remove(unit, seen.transaction)

        await self._database.run(work)

    async def propose(
        self, by: Principal, id: str, days_open: int, precondition: Precondition, once: Once[Transaction]
    ) -> Reply:
        """Make a draft known to the other participants."""

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            open_proposals = await self._count_open_proposals(unit, by)
            seen = await self._visible(unit.connection, id, by)
            if claim.is_repeated:
                return claim.replay()
            transaction = seen.transaction
            with _explained(transaction, by, self._clock.now()):
                precondition.check(transaction.version)
                if transaction.state is State.DRAFT:
                    # Those who are only named in a draft are not looked up with it.
                    people = transaction.participants
                    await self._members.require_active(unit.connection, by.id, transaction, people)
                return await self._do(
                    unit,
                    seen,
                    by,
                    lambda it, now: it.propose(by.id, now, open_proposals=open_proposals, days_open=days_open),
                    precondition,
                    once,
                )

        return await self._database.run(work)

    async def accept(
        self, by: Principal, id: str, terms_rev: int, precondition: Precondition, once: Once[Transaction]
    ) -> Reply:
        """Say yes to the present terms."""
        return await self._act(by, id, lambda it, now: it.accept(by.id, terms_rev, now), precondition, once)

    async def decline(
        self, by: Principal, id: str, reason: str | None, precondition: Precondition, once: Once[Transaction]
    ) -> Reply:
        """Say no to a proposal."""
        return await self._act(by, id, lambda it, now: it.decline(by.id, reason, now), precondition, once)

    async def cancel(
        self, by: Principal, id: str, reason: str | None, precondition: Precondition, once: Once[Transaction]
    ) -> Reply:
        """Call it off, before it is finalized."""
        return await self._act(by, id, lambda it, now: it.cancel(by.id, reason, now), precondition, once)

    async def finalize(
        self, by: Principal, id: str, terms_rev: int, precondition: Precondition, once: Once[Transaction]
    ) -> Reply:
        """Say that the exchange took place."""
        return await self._act(by, id, lambda it, now: it.finalize(by.id, terms_rev, now), precondition, once)

    async def reverse(
        self, by: Principal, id: str, reason: str, precondition: Precondition, once: Once[Transaction]
    ) -> Reply:
        """Propose a new transaction that gives back what a finalized one gave."""

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            open_proposals = await self._count_open_proposals(unit, by)
            seen = await self._visible(unit.connection, id, by)
            if claim.is_repeated:
                return claim.replay()
            with _explained(seen.transaction, by, now := self._clock.now()):
                precondition.check(seen.transaction.version)
                refuse_suspended(by.id, seen.unavailable)
                reversal, changes = seen.transaction.reverse(
                    self._new_id(), by.id, reason, now, open_proposals=open_proposals
                )
                refuse_unavailable(seen.unavailable, reversal)
                await self._record.add(unit, reversal, changes)
            return await once.answer(unit, reversal)

        return await self._database.run(work)

    # --- what they are made of ---

    async def _act(
        self, by: Principal, id: str, verb: Verb, precondition: Precondition, once: Once[Transaction]
    ) -> Reply:
        """Do one verb once, in the order of checks that holds for every action."""

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            seen = await self._visible(unit.connection, id, by)
            if claim.is_repeated:
                return claim.replay()
            with _explained(seen.transaction, by, self._clock.now()):
                return await self._do(unit, seen, by, verb, precondition, once)

        return await self._database.run(work)

    async def _do(
        self,
        unit: UnitOfWork,
        seen: Seen,
        by: Principal,
        verb: Verb,
        precondition: Precondition,
        once: Once[Transaction],
    ) -> Reply:
        transaction = seen.transaction
        precondition.check(transaction.version)
        refuse_suspended(by.id, seen.unavailable)
        change = verb(transaction, self._clock.now())
        if change and change.action in _BINDING:
            refuse_unavailable(seen.unavailable, transaction)
        await self._record.save(unit, transaction, change)
        return await once.answer(unit, transaction)

    async def _visible(self, connection: AsyncConnection, id: str, by: Principal) -> Seen:
        seen = await self._repository.find(connection, id, by.id)
        if seen is None:
            raise TransactionNotFound()
        return seen

    async def _page_of_updated(
        self, by: Principal, filters: Filters, moment: datetime, after: tuple[str, ...] | None, limit: int
    ) -> Page[Transaction]:
        key = (datetime.fromisoformat(after[0]), after[1]) if after else (moment, _AFTER_EVERY_ID)
        async with self._database.read() as connection:
            found: Sequence[Transaction] = await self._repository.page_of_updated(
                connection, by.id, state=filters.state, role=filters.role, after=key, limit=limit + 1
            )
        return Page.of(found, limit, lambda transaction: (transaction.updated_at.isoformat(), transaction.id))

    async def _count_open_proposals(self, unit: UnitOfWork, by: Principal) -> int:
        # The lock comes before the unit's first plain read, which is what fixes the snapshot the count is made in.
        await self._ledger.lock(unit, by.id)
        return await self._repository.open_proposals(unit.connection, by.id)

    async def _names_of_newcomers(self, by: Principal, id: str, changes: Changes) -> dict[str, Name]:
        """The names of people whom the changes bring in. Asked for before the unit of work: no call inside one."""
        if not (named := people_in(changes)):
            return {}
        draft = await self.read(by, id)
        newcomers = named - draft.names.keys()
        if not newcomers or draft.author != by.id:
            return {}
        draft.change(by.id, changes, self._clock.now())
        return await self._members.names(newcomers, by, draft)


@contextmanager
def _explained(transaction: Transaction, by: Principal, now: datetime) -> Iterator[None]:
    """Let every refusal inside tell the state the transaction is in, and what the caller may do with it instead."""
    # Taken down before: a refusal may come after the verb, when the ledger has not enough hours.
    present = transaction.standing(by.id, now)
    try:
        yield
    except Failure as refusal:
        refusal.extra = {**present, **refusal.extra}
        raise
