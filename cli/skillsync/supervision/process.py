"""One supervised process: started, watched, restarted, stopped."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from skillsync.supervision import health
from skillsync.supervision.backoff import Backoff
from skillsync.supervision.child import Child
from skillsync.supervision.specification import Pace, ProcessState, ProcessStatus, Specification

BAD_SETTING_EXIT = 2


class SupervisedProcess:
    """Keeps one process running until `stop`.

    `changed` is called with this object after every change of state. A process that was never ready has failed when it
    ends with 2 (a bad setting, which another start would not change) or `start_attempts` times; one that once was ready
    is restarted for ever.
    """

    def __init__(
        self,
        specification: Specification,
        changed: Callable[["SupervisedProcess"], None],
        backoff: Backoff | None = None,
        pace: Pace | None = None,
        start_attempts: int = 3,
    ) -> None:
        self.specification = specification
        self.state: ProcessState = "stopped"
        self.restarts = 0
        self.exit_code: int | None = None
        self._changed = changed
        self._backoff = backoff or Backoff()
        self._pace = pace or Pace()
        self._start_attempts = start_attempts
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._restart_wanted = False
        self._ready = asyncio.Event()
        self._ready_since: float | None = None
        self._ever_ready = False

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.is_running else None

    @property
    def status(self) -> ProcessStatus:
        known = self.specification
        return ProcessStatus(
            name=known.name, kind=known.kind, pid=self.pid, url=known.url, state=self.state, restarts=self.restarts
        )

    def start(self) -> None:
        """Begin to keep the process running; returns at once."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._keep_running(), name=self.specification.name)

    async def wait_ready(self) -> bool:
        """True once it is ready; False when it failed, or was stopped, first."""
        if self._task is None:
            return False
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({ready, self._task}, return_when=asyncio.FIRST_COMPLETED)
            return self._ready.is_set()
        finally:
            ready.cancel()

    async def restart(self, environment: Mapping[str, str] | None = None) -> bool:
        """Stop and start it on purpose (not counted), in another environment if one is given; True when ready again."""
        if environment is not None:
            self.specification = replace(self.specification, environment=environment)
        if self._task is None or self._task.done():
            self.start()
        elif self._child is not None and self._child.is_running:
            self._restart_wanted = True
            self._ready.clear()
            self._set_state("restarting")
            await self._child.end()
        return await self.wait_ready()

    async def stop(self) -> None:
        """End it, by force after `stop_seconds`. Returns when it is gone."""
        self._stopping.set()
        if self._task is None or self._task.done():
            return
        if self._child is not None and self._child.is_running:
            self._set_state("draining")
            await self._child.end()
        await asyncio.wait({self._task})
        self._set_state("stopped")

    def kill(self) -> None:
        """SIGKILL, now; a `stop` under way returns soon after."""
        if self._child is not None:
            self._child.kill()

    async def _keep_running(self) -> None:
        while not self._stopping.is_set():
            self.exit_code = await self._live_once()
            if self._restart_wanted:
                self._restart_wanted = False
            elif not self._stopping.is_set():
                if self._is_hopeless():
                    self._set_state("failed")
                    return
                await self._pause()

    def _is_hopeless(self) -> bool:
        bad_setting = self.exit_code == BAD_SETTING_EXIT
        return not self._ever_ready and (bad_setting or self.restarts + 1 >= self._start_attempts)

    async def _pause(self) -> None:
        """Wait as long as the back-off says, or until `stop`."""
        ready_seconds = time.monotonic() - self._ready_since if self._ready_since is not None else 0.0
        self.restarts += 1
        self._set_state("restarting")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._backoff.after(ready_seconds)):
                await self._stopping.wait()

    async def _live_once(self) -> int:
        """One life of the process, from its start to its exit status."""
        self._ready_since = None
        self._child = child = await Child.start(self.specification)
        if self._stopping.is_set():  # `stop` came while it was being started, and saw no child to end
            await child.end()
            return await child.wait()
        self._set_state("starting")
        watcher = asyncio.create_task(self._watch(child))
        try:
            return await child.wait()
        finally:
            watcher.cancel()
            self._ready.clear()

    async def _watch(self, child: Child) -> None:
        await health.watch(self.specification, self._pace, self._note_ready)
        child.kill()

    def _note_ready(self, ready: bool) -> None:
        if ready and not self._ready.is_set():
            self._ready_since = self._ready_since or time.monotonic()
            self._ever_ready = True
            self._ready.set()
            self._set_state("ready")
        elif not ready and self._ready.is_set():
            self._ready.clear()
            self._set_state("starting")

    def _set_state(self, state: ProcessState) -> None:
        if state in ("starting", "ready") and (self._stopping.is_set() or self._restart_wanted):
            return
        self.state = state
        self._changed(self)
