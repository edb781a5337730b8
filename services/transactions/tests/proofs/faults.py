"""Processes killed while people use them."""

import asyncio
from collections import Counter
from random import Random

from skillsync_testing.two_processes import ServiceProcess

__all__ = ["AFTER_COMMIT", "Faults"]

AFTER_COMMIT = "after-commit"
PAUSE_SECONDS = 0.05


class Faults:
    """Kills a process now and then: at any moment, or just after a commit, whose answer nobody hears then."""

    def __init__(self, processes: list[ServiceProcess], dice: Random, faults: int, operations: int) -> None:
        """So many faults, spread over so many operations."""
        self._processes, self._dice = processes, dice
        usable = range(operations // 20, operations * 9 // 10)
        self._moments = {moment: n % 2 == 0 for n, moment in enumerate(sorted(dice.sample(usable, faults)))}
        self._one_at_a_time = asyncio.Lock()
        self._under_way: set[asyncio.Task[None]] = set()
        self._gives_up = False
        self.hit: Counter[str] = Counter()

    def pass_operation(self, number: int) -> None:
        """Begin the fault that is due at this operation, if one is."""
        if number in self._moments:
            self._under_way.add(asyncio.create_task(self._kill(after_commit=self._moments[number])))

    @property
    def is_over(self) -> bool:
        """Whether every process that was killed is back."""
        return all(task.done() for task in self._under_way)

    async def end(self) -> None:
        """Wait until every process is back, and give up a kill that still waits for a commit."""
        self._gives_up = True
        await asyncio.gather(*self._under_way)

    async def _kill(self, *, after_commit: bool) -> None:
        async with self._one_at_a_time:
            process = self._dice.choice(self._processes)
            if after_commit:
                process.arm(AFTER_COMMIT)
                while not process.has_ended:
                    if self._gives_up:
                        return process.disarm(AFTER_COMMIT)
                    await asyncio.sleep(PAUSE_SECONDS)
            process.kill()
            self.hit[AFTER_COMMIT if after_commit else "at any moment"] += 1
            process.spawn()
            return await asyncio.to_thread(process.wait_until_ready)
