"""Whether what was committed has got round: nothing waits in an outbox or in a queue."""

import asyncio
import time
from typing import Any, Protocol

from skillsync.errors import Problem
from skillsync.local.state import Status
from skillsync.operations.aws import aws_problems, counts
from skillsync.operations.outbox import PRODUCERS, read_outbox
from skillsync.operations.services import Services
from skillsync.paths import Paths

# Mails are sent one by one in the real world and tell of it by events: that stream is not waited for on the way.
WAITED_FOR = tuple(name for name in PRODUCERS if name != "notifications")
# The consumers are near enough then.
NEAR = 50
PATIENCE_SECONDS = 120.0
# While mails are sent, hardly a moment finds every queue empty; all other events have got round within seconds.
STILL_SECONDS = 30.0
POLL_SECONDS = 0.1


class Tide(Protocol):
    """Waits for events to get round."""

    async def settle(self) -> None:
        """Until all events have left and few messages wait. Raises Problem when that takes too long."""
        ...

    async def still(self) -> int:
        """Until nothing is under way, or only mails' stream is, for too long; how many messages that are."""
        ...


class RealTide:
    """That of the running system."""

    def __init__(self, paths: Paths, status: Status, sqs: Any) -> None:
        self._paths = paths
        self._status = status
        self._sqs = sqs
        self._services = Services.of(paths, status)

    async def settle(self) -> None:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            pending, waiting = await asyncio.to_thread(self._look, WAITED_FOR)
            if pending == 0 and waiting <= NEAR:
                return
            if time.monotonic() > give_up_at:
                raise Problem(
                    f"{pending or 'No'} events wait in outboxes and {waiting} messages in queues after "
                    f"{PATIENCE_SECONDS:.0f} s: see `skillsync outbox` and `skillsync queues`."
                )
            await asyncio.sleep(POLL_SECONDS)

    async def still(self) -> int:
        await self.settle()
        give_up_at = time.monotonic() + STILL_SECONDS
        while True:
            left = sum(await asyncio.to_thread(self._look, PRODUCERS))
            if left == 0 or time.monotonic() > give_up_at:
                return left
            await asyncio.sleep(POLL_SECONDS)

    def _look(self, producers: tuple[str, ...]) -> tuple[int, int]:
        """Events in the outboxes of these, messages in all queues. Raises Problem when it cannot be known."""
        pending = sum(self._pending(name) for name in producers)
        with aws_problems(self._status["aws_endpoint"]):
            waiting = sum(sum(counts(self._sqs, queue["url"])) for queue in self._status["queues"].values())
        return pending, waiting

    def _pending(self, service: str) -> int:
        row = read_outbox(self._services, service)
        if row["pending"] is None:
            # A token that has run out, or a restart: asked once more, from the beginning.
            self._services = Services.of(self._paths, self._status)
            row = read_outbox(self._services, service)
        if row["pending"] is None:
            raise Problem(f"The outbox of {service} {row['problem']}: see `skillsync status`.")
        return row["pending"]
