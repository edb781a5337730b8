"""The sender: turns intents into mails, bounded and retried, until each has met its fate.

It claims mails in a short transaction, has them delivered outside any, and each one's fate is recorded in another. A
crash between sending and record sends once more, by design: at most one mail more, never one less. Any number of
senders may run.
"""

import asyncio
from datetime import timedelta

from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.telemetry import log
from skillsync_notifications.entities import Mail
from skillsync_notifications.repository import MailRepository
from skillsync_notifications.service.delivery import Delivery

__all__ = ["Sender"]

_AT_ONCE = 5
# Longer than an attempt and its record may take together; so long does a crash delay the mails in hand.
_CLAIM = timedelta(seconds=18)
# Idle polls find what another process left behind, and what was put off; new intents of this process wake the sender.
_SHORTEST_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 1.0


class Sender:
    """Sends the pending mails of one database."""

    def __init__(self, *, database: Database, repository: MailRepository, delivery: Delivery, clock: Clock) -> None:
        self._database = database
        self._repository = repository
        self._delivery = delivery
        self._clock = clock
        self._woken = asyncio.Event()
        self._in_hand: set[asyncio.Task[None]] = set()
        self._may_be_more = False

    def wake(self) -> None:
        """Tell the sender that there may be something to send."""
        self._woken.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until `stopping` is set; what is in hand then is finished first."""
        pause = _SHORTEST_POLL_SECONDS
        while not stopping.is_set():
            self._woken.clear()
            try:
                taken = await self.take()
            except Exception as error:
                # The database is away: nothing is lost, the intents wait.
                log.warning("sender turn failed", error=type(error).__name__)
                taken = 0
            pause = _SHORTEST_POLL_SECONDS if taken else min(pause * 2, _LONGEST_POLL_SECONDS)
            await self._pause(pause, stopping)
        await self.finish()

    async def take(self) -> int:
        """Claim as many mails as there are hands free, and begin with them. How many were taken."""
        free = _AT_ONCE - len(self._in_hand)
        if free == 0:
            return 0
        now = self._clock.now()

        async def claim(unit: UnitOfWork) -> list[Mail]:
            return await self._repository.claim(
                unit, limit=free, now=now, until=now + _CLAIM, skip_locked=self._database.supports_skip_locked
            )

        mails = await self._database.run(claim)
        self._may_be_more = len(mails) == free
        for mail in mails:
            task = asyncio.create_task(self._delivery.deliver(mail))
            self._in_hand.add(task)
            task.add_done_callback(self._put_down)
        return len(mails)

    async def finish(self) -> None:
        """Wait for the mails in hand."""
        while self._in_hand:
            await asyncio.wait(self._in_hand)

    def _put_down(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The claim lapses, and the mail is taken up again.
            log.error("mail left in hand", error=type(error).__name__)
        if self._may_be_more:
            self.wake()

    async def _pause(self, seconds: float, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._woken.wait()), asyncio.ensure_future(stopping.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
