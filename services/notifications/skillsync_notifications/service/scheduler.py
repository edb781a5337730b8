"""The scheduler: the loop in which time brings reminders and weekly mails, and lets old links and records go.

Any number may run: what one has taken the others pass over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from skillsync_kit.telemetry import log
from skillsync_kit.waiting import pause

__all__ = ["Scheduler"]

_PAUSE_SECONDS = 5.0


class Scheduler:
    """Takes turns at its tasks; each does a bounded piece of work and tells how much there was."""

    def __init__(self, tasks: Sequence[Callable[[], Awaitable[int]]], done: Callable[[], None]) -> None:
        """`done` is called when a turn found something to do."""
        self._tasks = tasks
        self._done = done

    async def run(self, stopping: asyncio.Event) -> None:
        """Take turns until told to stop, without a pause while there is something to do."""
        while not stopping.is_set():
            if not await self.turn():
                await pause(stopping, _PAUSE_SECONDS)

    async def turn(self) -> int:
        """Do each task once. How much there was to do; one task's failure does not touch the others."""
        found = 0
        for task in self._tasks:
            try:
                found += await task()
            except Exception as mistake:
                # What was left undone is still due.
                log.error("scheduled work failed", error=type(mistake).__name__, exc_info=mistake)
        if found:
            self._done()
        return found
