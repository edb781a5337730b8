"""Faults, one after another and some at once: what dies, stands still or is cut off, and how often each struck."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

from skillsync_testing.faulty_link import FAULTS, LinkFault

from .fleet import Fleet, until

__all__ = ["Havoc", "kinds"]

AT_ONCE = 3
LASTS_SECONDS = 1.5
STRIKES_WITHIN_SECONDS = 15.0

FAILPOINTS = {
    "transactions-1": ("after-commit", "after-publish", "before-mark"),
    "transactions-2": ("after-commit", "after-publish", "before-mark"),
    "users": ("after-effect", "before-delete"),
    "analytics": ("after-effect", "before-delete"),
    "notifications": ("after-effect", "before-delete", "after-send"),
}
PROCESSES = ("transactions-1", "transactions-2", "transactions-worker", "users", "notifications", "analytics")
SERVERS = ("database", "cache", "broker")
LINKS = (*SERVERS, "neighbours")

Fault = tuple[str, str]
"""What is done, and to what."""


def kinds() -> list[Fault]:
    """Every fault there is."""
    return [
        *(("kill", process) for process in PROCESSES),
        *((point, process) for process, points in FAILPOINTS.items() for point in points),
        *(("stop", process) for process in (*PROCESSES, *SERVERS)),
        ("kill", "database"),
        ("kill", "cache"),
        ("restart", "broker"),
        *((fault, f"link to {link}") for link in LINKS for fault in FAULTS),
    ]


class Havoc:
    """Does the faults it is given, at most so many at once and never two to the same thing."""

    def __init__(self, fleet: Fleet, dice: Random) -> None:
        """Nothing happens before `strike`."""
        self._fleet, self._dice = fleet, dice
        self._hands = asyncio.Semaphore(AT_ONCE)
        self._locks: dict[str, asyncio.Lock] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self.hits: Counter[str] = Counter()

    def strike(self, fault: Fault) -> None:
        """Begin a fault as soon as there is a hand free for it."""
        self._under_way.add(asyncio.create_task(self._strike(fault)))

    @property
    def is_over(self) -> bool:
        """Whether all that was begun has struck, and what it struck is back."""
        return all(task.done() for task in self._under_way)

    async def end(self) -> None:
        """Wait until it is over; raises what went wrong in a fault itself."""
        await asyncio.gather(*self._under_way)

    async def _strike(self, fault: Fault) -> None:
        what, whom = fault
        async with self._hands, self._locks.setdefault(whom, asyncio.Lock()):
            if await self._do(what, whom)():
                self.hits[f"{what} {whom}"] += 1

    def _do(self, what: str, whom: str) -> Callable[[], Awaitable[bool]]:
        if whom.startswith("link to "):
            return lambda: self._misbehave(what, whom.removeprefix("link to "))  # type: ignore[arg-type]
        if what == "kill" and whom in PROCESSES:
            return lambda: self._kill(whom)
        if what == "stop":
            return lambda: self._stand_still(whom)
        if whom in SERVERS:
            return lambda: self._restart(whom, cleanly=what == "restart")
        return lambda: self._crash_at(whom, what)

    async def _kill(self, process: str) -> bool:
        self._fleet.processes[process].kill()
        await self._fleet.back(process)
        return True

    async def _crash_at(self, process: str, point: str) -> bool:
        """Let a process die at a failpoint; not a hit when nothing passed it in time."""
        found = self._fleet.processes[process]
        found.arm(point)
        strikes = await until(lambda: not found.is_armed(point), seconds=STRIKES_WITHIN_SECONDS)
        if not strikes:
            found.disarm(point)
        await self._fleet.back(process)
        return strikes

    async def _stand_still(self, whom: str) -> bool:
        server = self._fleet.servers.get(whom) or self._fleet.processes[whom]
        with self._fleet.paused(server.pid):
            await asyncio.sleep(LASTS_SECONDS * self._dice.uniform(0.5, 1.5))
        return True

    async def _restart(self, server: str, *, cleanly: bool) -> bool:
        await self._fleet.restart(server, cleanly=cleanly)
        return True

    async def _misbehave(self, fault: LinkFault, link: str) -> bool:
        found = self._fleet.links[link]
        before = found.hits[fault]
        found.begin(fault)
        await asyncio.sleep(LASTS_SECONDS)
        # A link that nobody used in that time is given a little more of it.
        await until(lambda: found.hits[fault] > before, seconds=STRIKES_WITHIN_SECONDS)
        found.heal()
        return found.hits[fault] > before
