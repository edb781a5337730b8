"""How much waits on the queues, so that clients can wait for consumers that do not keep up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from botocore.exceptions import BotoCoreError, ClientError

from .fleet import Fleet

__all__ = ["Backlog"]

LOOK_SECONDS = 1.0


class Backlog:
    """The messages that wait, or are in a consumer's hands; `most` are let come together."""

    def __init__(self, fleet: Fleet, most: int) -> None:
        """Nothing is known, and everybody waits, before `watched`."""
        self._fleet, self._most = fleet, most
        self._has_room = asyncio.Event()

    async def room(self) -> None:
        """Wait until no more than those wait."""
        await self._has_room.wait()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Inside, it is looked at."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        while True:
            # The broker may be what a fault has struck: then what was seen last holds.
            with contextlib.suppress(BotoCoreError, ClientError):
                has_room = await asyncio.to_thread(self._fleet.waiting) <= self._most
                (self._has_room.set if has_room else self._has_room.clear)()
            await asyncio.sleep(LOOK_SECONDS)
