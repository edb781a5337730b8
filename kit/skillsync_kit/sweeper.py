"""What time does: ends what is due, again and again, in every process of a service at once.

The guards of the entities read the clock themselves, so nothing waits for a sweeper to be right. Several may run at
once: who is second finds the entity changed, reads it again, and has nothing left to do.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.ids import new_id
from skillsync_kit.telemetry import flow, log
from skillsync_kit.waiting import pause

__all__ = ["Sweeper"]

# When it was due and its id, which order the rows, and whatever else the end needs.
Due = tuple[datetime, str] | tuple[datetime, str, str]
Row = TypeVar("Row", bound=Due)

_PAUSE_SECONDS = 5
_AT_ONCE = 100


class Sweeper(ABC, Generic[Row]):
    """Ends what is due, and lets idempotency records go that are past their time."""

    what: ClassVar[str]

    def __init__(self, database: Database, forget_old: Callable[[Database], Awaitable[int]]) -> None:
        self._database = database
        self._forget_old = forget_old
        self._after: tuple[datetime, str] | None = None

    @abstractmethod
    async def due(self, connection: AsyncConnection, after: tuple[datetime, str] | None, limit: int) -> Sequence[Row]:
        """Return what is due, the longest due first, from behind a row that was seen."""

    @abstractmethod
    async def end(self, unit: UnitOfWork, row: Row) -> None:
        """End one, if it still is to be ended."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Take turns until told to stop."""
        while not stopping.is_set():
            found = 0
            try:
                found = await self.turn()
                await self._forget_old(self._database)
            except Exception as mistake:
                # One bad turn must not end the loop; what it left undone is still due.
                log.error("sweep failed", error=type(mistake).__name__, exc_info=mistake)
            if found < _AT_ONCE:
                await pause(stopping, _PAUSE_SECONDS)

    async def turn(self) -> int:
        """End at most a hundred that are due, each in a unit of its own. How many were found."""
        async with self._database.read() as connection:
            due = await self.due(connection, self._after, _AT_ONCE)
        for row in due:
            try:
                await self._end(row)
            except Exception as mistake:
                log.error("cannot end what is due", what=self.what, id=row[1], error=type(mistake).__name__)
        # One that cannot be ended is passed over, and tried again when all others have had their turn.
        self._after = due[-1][:2] if len(due) == _AT_ONCE else None
        return len(due)

    async def _end(self, row: Row) -> None:
        cause = new_id()
        with flow("sweep", parent=None, correlation_id=cause, causation_id=cause):
            await self._database.run(lambda unit: self.end(unit, row))
