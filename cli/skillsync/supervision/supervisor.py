"""All processes together: started side by side, drained in order."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import psutil

from skillsync.errors import Problem
from skillsync.supervision import logfile
from skillsync.supervision.identification import Identity, identify
from skillsync.supervision.process import SupervisedProcess
from skillsync.supervision.specification import Kind, Pace, Specification

# Intake stops first; the broker stays until nobody needs it, and then saves what it holds.
DRAIN_ORDER: Sequence[frozenset[Kind]] = (
    frozenset({"gateway"}),
    frozenset({"service", "worker"}),
    frozenset({"cloud"}),
)
# Who is called last is restarted last: then it calls what is new already.
RESTART_ORDER: Sequence[Kind] = ("service", "worker", "gateway")
ROTATE_INTERVAL_SECONDS = 5.0


class Supervisor:
    """Holds the processes. `changed` is called after every change of any of them."""

    def __init__(self, changed: Callable[[SupervisedProcess], None], pace: Pace | None = None) -> None:
        self.processes: dict[str, SupervisedProcess] = {}
        self._changed = changed
        self._pace = pace
        self._rotation: asyncio.Task[None] | None = None

    def start(self, specification: Specification) -> SupervisedProcess:
        """Start one more process; returns at once. Raises Problem when its port is taken."""
        process = SupervisedProcess(specification, self._changed, pace=self._pace)
        self.processes[specification.name] = process
        process.start()
        if self._rotation is None:
            self._rotation = asyncio.create_task(self._rotate_logs())
        return process

    async def wait_ready(self, names: Iterable[str]) -> SupervisedProcess | None:
        """Wait until all are ready (None), or until the first has failed (that one)."""
        waiting = {asyncio.create_task(self.processes[name].wait_ready()): self.processes[name] for name in names}
        try:
            for next_done in asyncio.as_completed(waiting):
                await next_done
                for task, process in waiting.items():
                    if task.done() and not task.result():
                        return process
            return None
        finally:
            for task in waiting:
                task.cancel()

    async def require_ready(self, names: Iterable[str]) -> None:
        """Wait until all are ready. Raises Problem with the last thing that the first to fail said."""
        failed = await self.wait_ready(names)
        if failed is not None:
            name = failed.specification.name
            reason = logfile.last_line(failed.specification.log_file) or f"exit status {failed.exit_code}"
            raise Problem(f"{name} did not start: {reason} (more: `skillsync logs {name}`).")

    def identities(self) -> list[Identity]:
        """What runs now, in a form that a later run can compare."""
        found = []
        for process in self.processes.values():
            for pid in process.pids:
                try:
                    found.append(identify(process.specification.name, pid, process.specification.marker))
                except psutil.NoSuchProcess:
                    continue
        return found

    def restart_order(self) -> list[str]:
        """Who is restarted when nobody is named, in this order: all but the cloud, which has no stand-in meanwhile."""
        kinds = {name: process.specification.kind for name, process in self.processes.items()}
        return [name for kind in RESTART_ORDER for name in kinds if kinds[name] == kind]

    async def drain(self) -> None:
        """Stop all, in order: each group is gone before the next is told."""
        for kinds in DRAIN_ORDER:
            group = [process for process in self.processes.values() if process.specification.kind in kinds]
            await asyncio.gather(*(process.stop() for process in group))
        if self._rotation is not None:
            self._rotation.cancel()

    def hurry(self) -> None:
        """Kill all but the cloud, whose state would be lost. For the second Ctrl-C."""
        for process in self.processes.values():
            if process.specification.kind != "cloud":
                process.kill()

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(ROTATE_INTERVAL_SECONDS)
            for process in self.processes.values():
                logfile.rotate(process.specification.log_file)
