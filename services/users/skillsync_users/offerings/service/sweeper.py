"""What time does: offerings past their time expire."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit import sweeper
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_users.offerings.repository import OfferingRepository
from skillsync_users.offerings.service.record import Record

__all__ = ["Sweeper"]


class Sweeper(sweeper.Sweeper[tuple[datetime, str]]):
    """Ends the offerings that are due."""

    what = "offering"

    def __init__(
        self,
        *,
        database: Database,
        repository: OfferingRepository,
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
    ) -> Sequence[tuple[datetime, str]]:
        """When and which."""
        return await self._repository.due(connection, self._clock.now(), after=after, limit=limit)

    async def end(self, unit: UnitOfWork, row: tuple[datetime, str]) -> None:
        """Let its time pass."""
        offering = await self._repository.find_any(unit.connection, row[1])
        if offering is not None:
            await self._record.pass_time(unit, offering)
