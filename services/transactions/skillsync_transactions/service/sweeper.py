"""What time does: proposals that nobody answered expire, and exchanges that were confirmed are finalized."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit import sweeper
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_transactions.repository import TransactionRepository
from skillsync_transactions.service.record import Record

__all__ = ["Sweeper"]


class Sweeper(sweeper.Sweeper[tuple[datetime, str, str]]):
    """Ends the transactions that are due."""

    what = "transaction"

    def __init__(
        self,
        *,
        database: Database,
        repository: TransactionRepository,
        record: Record,
        forget_old: Callable[[Database], Awaitable[int]],
        clock: Clock,
    ) -> None:
        super().__init__(database, forget_old)
        self._repository = repository
        self._record = record
        self._clock = clock

    async def due(
        self, connection: AsyncConnection, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[tuple[datetime, str, str]]:
        """When and which, and who wrote it."""
        return await self._repository.due(connection, self._clock.now(), after=after, limit=limit)

    async def end(self, unit: UnitOfWork, row: tuple[datetime, str, str]) -> None:
        """Let its time pass."""
        _, id, author = row
        seen = await self._repository.find(unit.connection, id, author)
        if seen is not None:
            await self._record.save(unit, seen.transaction, seen.transaction.pass_time(self._clock.now()))
