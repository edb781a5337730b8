"""One life of a process: from its start to its end, or until a successor has taken its place."""

import asyncio
import time
from collections.abc import Callable

from skillsync.supervision import health
from skillsync.supervision.child import Child
from skillsync.supervision.specification import Pace, Specification


class Life:
    """A child that is watched. `changed` is called with this object when it gets ready, and when it no longer is."""

    def __init__(self, child: Child, specification: Specification, pace: Pace, changed: Callable[["Life"], None]):
        self.child = child
        self.ready_since: float | None = None
        self.is_ready = False
        self._changed = changed
        self._first_ready = asyncio.Event()
        self._relieved = asyncio.Event()
        self._watcher = asyncio.create_task(self._watch(specification, pace))

    async def over(self) -> None:
        """Return when it has ended, or has been relieved; from then on nobody watches it."""
        try:
            await self._either(self._relieved)
        finally:
            self._watcher.cancel()

    async def wait_ready(self) -> bool:
        """True once it was ready; False when it ended before."""
        await self._either(self._first_ready)
        return self._first_ready.is_set()

    async def end(self) -> None:
        """Drain it, by force after its bound. Returns when it is gone."""
        self._watcher.cancel()
        await self.child.end()

    def relieve(self) -> None:
        """Tell that a successor has its place: its end is no longer of interest."""
        self._relieved.set()

    @property
    def ready_seconds(self) -> float:
        """How long ago it was first ready; 0 when it never was."""
        return time.monotonic() - self.ready_since if self.ready_since is not None else 0.0

    async def _either(self, event: asyncio.Event) -> None:
        ended, told = asyncio.create_task(self.child.wait()), asyncio.create_task(event.wait())
        try:
            await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            told.cancel()

    async def _watch(self, specification: Specification, pace: Pace) -> None:
        await health.watch(specification, self.child.pid, pace, self._note_ready)
        self.child.kill()

    def _note_ready(self, ready: bool) -> None:
        if ready:
            self.ready_since = self.ready_since or time.monotonic()
            self._first_ready.set()
        if ready != self.is_ready:
            self.is_ready = ready
            self._changed(self)
