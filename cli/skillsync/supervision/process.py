"""One supervised process: started, watched, restarted, stopped."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from skillsync.errors import Problem
from skillsync.supervision import logfile
from skillsync.supervision.backoff import Backoff
from skillsync.supervision.child import Child
from skillsync.supervision.life import Life
from skillsync.supervision.listener import Listener
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
        self._attempts = 0
        self._listener: Listener | None = None
        self._life: Life | None = None
        self._lives: set[Life] = set()
        """All that still run: the one that counts, one that is to succeed it, those that are drained."""
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._restart_wanted = False
        self._one_restart = asyncio.Lock()
        self._ready = asyncio.Event()
        self._ever_ready = False

    @property
    def pid(self) -> int | None:
        return self._life.child.pid if self._life is not None and self._life.child.is_running else None

    @property
    def pids(self) -> list[int]:
        """Every process that runs; two while one takes over from the other."""
        return [life.child.pid for life in self._lives if life.child.is_running]

    @property
    def status(self) -> ProcessStatus:
        known = self.specification
        return ProcessStatus(
            name=known.name, kind=known.kind, pid=self.pid, url=known.url, state=self.state, restarts=self.restarts
        )

    def start(self) -> None:
        """Begin to keep the process running; returns at once. Raises Problem when its port is taken."""
        if self._listener is None and self.specification.port is not None:
            self._listener = Listener(self.specification.name, self.specification.port)
        self._stopping.clear()
        self._begin_anew()
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

    async def restart(self, environment: Mapping[str, str] | None = None) -> None:
        """Put another process in its place on purpose (not counted), in another environment if one is given.

        Returns when the new one is ready and the old one gone. Where both may run at once the new one comes first, and
        if it does not get ready the old one goes on. Raises Problem when the new one is not ready, with what it said.
        """
        async with self._one_restart:
            if environment is not None:
                self.specification = replace(self.specification, environment=environment)
            said_before = logfile.size(self.specification.log_file)
            if not await self._replaced():
                reason = logfile.last_line(self.specification.log_file, said_before) or "it said nothing"
                goes_on = "; the old one goes on" if self.pid is not None else ""
                raise Problem(f"{self.specification.name}: the new process is not ready{goes_on}: {reason}")

    async def stop(self) -> None:
        """End it, by force after `stop_seconds`. Returns when it is gone."""
        self._stopping.set()
        if self._task is not None and not self._task.done():
            if self.pids:
                self._set_state("draining")
                await asyncio.gather(*(life.end() for life in list(self._lives)))
            await asyncio.wait({self._task})
            async with self._one_restart:  # one under way comes to its end, now that its process has
                self._set_state("stopped")
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def kill(self) -> None:
        """SIGKILL, now; a `stop` under way returns soon after."""
        for life in self._lives:
            life.child.kill()

    # --- to be kept running ---

    async def _keep_running(self) -> None:
        while not self._stopping.is_set():
            life = self._life or await self._next()
            await life.over()
            if life is not self._life:
                continue  # a successor has its place
            self._life = None
            self._lives.discard(life)
            self.exit_code = await life.child.wait()
            self._ready.clear()
            if self._restart_wanted:
                self._restart_wanted = False
            elif not self._stopping.is_set():
                self._attempts += 1
                if self._is_hopeless():
                    self._set_state("failed")
                    return
                await self._pause(life.ready_seconds)

    async def _next(self) -> Life:
        """One more life, which counts from now on; unless a successor became ready while it was being started."""
        begun = await self._begin()
        if self._life is not None:
            await self._end(begun)
            return self._life
        self._life = begun
        self._set_state("starting")
        return begun

    async def _begin(self) -> Life:
        child = await Child.start(self.specification, self._listener)
        life = Life(child, self.specification, self._pace, self._note)
        self._lives.add(life)
        if self._stopping.is_set():  # `stop` came while it was being started, and did not see it
            await life.end()
        return life

    async def _end(self, life: Life) -> None:
        await life.end()
        self._lives.discard(life)

    def _begin_anew(self) -> None:
        """What comes now has to prove itself, as at the first start."""
        self._ever_ready = False
        self._attempts = 0

    def _is_hopeless(self) -> bool:
        bad_setting = self.exit_code == BAD_SETTING_EXIT
        return not self._ever_ready and (bad_setting or self._attempts >= self._start_attempts)

    async def _pause(self, ready_seconds: float) -> None:
        """Wait as long as the back-off says, or until `stop`."""
        self.restarts += 1
        self._set_state("restarting")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._backoff.after(ready_seconds)):
                await self._stopping.wait()

    # --- to be restarted on purpose ---

    async def _replaced(self) -> bool:
        if self._task is None or self._task.done():
            self.start()
        elif self._life is not None and self.specification.may_overlap:
            return await self._succeeded()
        elif self._life is not None:
            self._begin_anew()
            self._restart_wanted = True
            self._ready.clear()
            self._set_state("restarting")
            await self._end(self._life)
        return await self.wait_ready()

    async def _succeeded(self) -> bool:
        """Start a successor beside the one that runs; once it is ready it takes the place, and the other is drained."""
        successor = await self._begin()
        if not await successor.wait_ready() or self._stopping.is_set():
            await self._end(successor)
            return False
        old, self._life = self._life, successor
        self._ready.clear()
        self._note(successor)
        if old is not None:
            old.relieve()
            await self._end(old)
        return True

    # --- what is known of it ---

    def _note(self, life: Life) -> None:
        if life is not self._life:
            return
        if life.is_ready and not self._ready.is_set():
            self._ever_ready = True
            self._ready.set()
            self._set_state("ready")
        elif not life.is_ready and self._ready.is_set():
            self._ready.clear()
            self._set_state("starting")

    def _set_state(self, state: ProcessState) -> None:
        if state in ("starting", "ready") and (self._stopping.is_set() or self._restart_wanted):
            return
        self.state = state
        self._changed(self)
