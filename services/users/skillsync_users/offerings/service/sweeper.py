"""What time does: offerings past their time expire.

Whoever reads an offering reads the clock too, so nothing waits for the sweeper to be right. Several may run at once:
who is second finds the offering changed, reads it again, and has nothing left to do.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.ids import new_id
from skillsync_kit.telemetry import flow, log
from skillsync_users.offerings.repository import OfferingRepository
from skillsync_users.offerings.service.record import Record

__all__ = ["Sweeper"]

_PAUSE_SECONDS = 5
_AT_ONCE = 100


class Sweeper:
    """Ends what is due, and lets idempotency records go that are past their time."""

    def __init__(
        self,
        *,
        database: Database,
        repository: OfferingRepository,
        record: Record,
        forget_old: Callable[[Database], Awaitable[int]],
        clock: Clock,
    ) -> None:
        self._database = database
        self._repository = repository
        self._record = record
        self._forget_old = forget_old
        self._clock = clock
        self._after: tuple[datetime, str] | None = None

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
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), _PAUSE_SECONDS)

    async def turn(self) -> int:
        """End at most a hundred offerings that are due, each in a unit of its own. How many were found."""
        async with self._database.read() as connection:
            due = await self._repository.due(connection, self._clock.now(), after=self._after, limit=_AT_ONCE)
        for _, id in due:
            try:
                await self._end(id)
            except Exception as mistake:
                log.error("cannot end an offering that is due", offering=id, error=type(mistake).__name__)
        # One that cannot be ended is passed over, and tried again when all others have had their turn.
        self._after = due[-1] if len(due) == _AT_ONCE else None
        return len(due)

    async def _end(self, id: str) -> None:
        async def work(unit: UnitOfWork) -> None:
            offering = await self._repository.find_any(unit.connection, id)
            if offering is not None:
                await self._record.pass_time(unit, offering)

        cause = new_id()
        with flow("sweep", parent=None, correlation_id=cause, causation_id=cause):
            await self._database.run(work)
