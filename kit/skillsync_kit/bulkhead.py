"""A bulkhead: so many at once, so many waiting, the rest refused. What is slow behind one fills no more than that."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Bulkhead", "Full"]


class Full(Exception):
    """All places are taken, and so is every place to wait in; or the wait was too long."""


class Bulkhead:
    """Places for `at_once`. For each rank, the first before the second, there is a queue: as long as `waiting` says."""

    def __init__(self, at_once: int, *waiting: int) -> None:
        self._at_once = at_once
        self._free = at_once
        self._longest = waiting
        self._queues: list[deque[asyncio.Future[None]]] = [deque() for _ in waiting]

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._at_once - self._free

    def take_at_once(self) -> bool:
        """Take a place if one is free: then nobody waits, for whoever gives back hands over to those who do."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def take(self, rank: int = 0) -> None:
        """Take a place, waiting for it if need be. Raises Full when too many wait already."""
        if self.take_at_once():
            return
        queue = self._queues[rank]
        if len(queue) >= self._longest[rank]:
            raise Full
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                if turn in queue:
                    queue.remove(turn)
            else:
                # The place was handed over just as its new owner left.
                self.give_back()
            raise

    def give_back(self) -> None:
        """Hand the place to whoever waits: of the first rank that has somebody, to the one who waits longest."""
        for queue in self._queues:
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1

    @asynccontextmanager
    async def place(self, wait_seconds: float, rank: int = 0) -> AsyncIterator[None]:
        """Do something in a place. Raises Full when none is free within `wait_seconds`."""
        try:
            async with asyncio.timeout(wait_seconds):
                await self.take(rank)
        except TimeoutError:
            raise Full from None
        try:
            yield
        finally:
            self.give_back()
