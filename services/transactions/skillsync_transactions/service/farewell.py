"""What follows here when a person is erased: open transactions end, texts are emptied, numbers and history stay.

The event is written down at once; the rest is done by a loop, each transaction in a unit of its own, so that somebody
with thousands of them holds no message and no lock for long. The service says that it is done when a pass has found
everything, begun when no request could still be under way that had read the person's names before.
"""

import asyncio
from datetime import timedelta

from skillsync_kit.cache import Cache
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.erasures import Erasure, Erasures
from skillsync_kit.idempotency import Idempotency
from skillsync_kit.ids import new_id
from skillsync_kit.telemetry import flow, log
from skillsync_kit.waiting import pause
from skillsync_transactions.clients import name_key
from skillsync_transactions.entities import State
from skillsync_transactions.repository import FarewellRepository, TransactionRepository
from skillsync_transactions.service.record import Record

__all__ = ["Farewell"]

_PAUSE_SECONDS = 2
_AT_ONCE = 100
_PEOPLE_AT_ONCE = 20
# Longer than any request is worked on.
_GRACE = timedelta(seconds=10)


class Farewell:
    """Lets erased people go."""

    def __init__(
        self,
        *,
        database: Database,
        transactions: TransactionRepository,
        repository: FarewellRepository,
        record: Record,
        erasures: Erasures,
        idempotency: Idempotency,
        cache: Cache,
        clock: Clock,
    ) -> None:
        self._database = database
        self._transactions = transactions
        self._repository = repository
        self._record = record
        self._erasures = erasures
        self._idempotency = idempotency
        self._cache = cache
        self._clock = clock

    async def begin(self, unit: UnitOfWork, user: str) -> None:
        """Write down that the person is erased; what they were answered goes at once."""
        await self._erasures.record(unit, user, done=False)
        await self._idempotency.forget_person(unit, user)

    async def run(self, stopping: asyncio.Event) -> None:
        """Take turns until told to stop."""
        while not stopping.is_set():
            try:
                await self.turn()
            except Exception as mistake:
                # One bad turn must not end the loop; what it left undone is still open.
                log.error("farewell failed", error=type(mistake).__name__, exc_info=mistake)
            await pause(stopping, _PAUSE_SECONDS)

    async def turn(self) -> int:
        """Do what is left for the people whose erasure is open. How many were found."""
        found = await self._erasures.open(_PEOPLE_AT_ONCE)
        for erasure in found:
            try:
                with flow("farewell", parent=None, correlation_id=new_id(), causation_id=None):
                    await self._let_go(erasure)
            except Exception as mistake:
                log.error("cannot let a person go", user=erasure.user_id, error=type(mistake).__name__)
        return len(found)

    async def _let_go(self, erasure: Erasure) -> None:
        user, began = erasure.user_id, self._clock.now()
        await self._cache.delete(name_key(user))
        await self._leave_own(user)
        await self._leave_drafts_of_others(user)
        if began < erasure.erased_at + _GRACE:
            return

        async def finish(unit: UnitOfWork) -> None:
            await self._idempotency.forget_person(unit, user)
            await self._erasures.finish(unit, user)

        await self._database.run(finish)
        log.info("person erased", user=user)

    async def _leave_own(self, user: str) -> None:
        after = ""
        while True:
            async with self._database.read() as connection:
                ids = await self._repository.of_person(connection, user, after=after, limit=_AT_ONCE)
            for id in ids:
                await self._leave(id, user)
            if len(ids) < _AT_ONCE:
                return
            after = ids[-1]

    async def _leave(self, id: str, user: str) -> None:
        async def work(unit: UnitOfWork) -> None:
            seen = await self._transactions.find(unit.connection, id, user)
            if seen is None:
                return
            transaction = seen.transaction
            if transaction.state is State.DRAFT:
                await self._transactions.remove(unit, transaction)
                return
            await self._record.save(unit, transaction, transaction.lose(user, self._clock.now()))
            await self._repository.save_texts(unit, transaction)
            await self._repository.redact_replies(unit, set(transaction.participants) - {user}, user, transaction)

        await self._database.run(work)

    async def _leave_drafts_of_others(self, user: str) -> None:
        after = ""
        while True:
            async with self._database.read() as connection:
                found = await self._repository.naming(connection, user, after=after, limit=_AT_ONCE)
            for id, author in found:
                await self._leave_draft(id, author, user)
            if len(found) < _AT_ONCE:
                return
            after = found[-1][0]

    async def _leave_draft(self, id: str, author: str, user: str) -> None:
        async def work(unit: UnitOfWork) -> None:
            seen = await self._transactions.find(unit.connection, id, author)
            if seen is None or seen.transaction.state is not State.DRAFT:
                return
            seen.transaction.forget_name(user)
            await self._repository.save_texts(unit, seen.transaction)
            await self._repository.redact_replies(unit, {author}, user, seen.transaction)

        await self._database.run(work)
