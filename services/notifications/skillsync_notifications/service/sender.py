"""The sender: turns intents into mails, bounded and retried, until each has met its fate.

It claims mails in a short transaction, has them delivered outside any, and each one's fate is recorded in another. A
crash between sending and record sends once more, by design: at most one mail more, never one less. Any number of
senders may run. A mail is claimed only when the account's rate lets it be sent: one that then is not sent uses nothing
up, so a backlog of what nobody is to be told any more is gone through as fast as the database goes.
"""

import asyncio
from datetime import datetime, timedelta

from skillsync_kit import metrics
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import Failure
from skillsync_kit.telemetry import log
from skillsync_notifications.clients import SendingLimit
from skillsync_notifications.entities import Mail, Permits
from skillsync_notifications.repository import MailRepository
from skillsync_notifications.service.delivery import Delivery

__all__ = ["Sender"]

# As many as the services that are asked take at once.
_AT_ONCE = 12
# Fewer hands than these are not worth a transaction, unless nothing else is in hand.
_HANDFUL = 6
# Longer than an attempt and its record may take together; so long does a crash delay the mails in hand.
_CLAIM = timedelta(seconds=18)
# Idle polls find what another process left behind, and what was put off; new intents of this process wake the sender.
_SHORTEST_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 1.0
# What a new account may send; until the true limit is known.
_CAREFUL_RATE = 1.0
_LIMIT_HOLDS = timedelta(minutes=10)
_LIMIT_UNKNOWN = timedelta(seconds=30)


class Sender:
    """Sends the pending mails of one database."""

    def __init__(
        self,
        *,
        database: Database,
        repository: MailRepository,
        delivery: Delivery,
        limit: SendingLimit,
        clock: Clock,
    ) -> None:
        self._database = database
        self._repository = repository
        self._delivery = delivery
        self._limit = limit
        self._clock = clock
        self._permits = Permits(_CAREFUL_RATE, clock.now(), _CAREFUL_RATE)
        self._limit_holds_until: datetime | None = None
        self._woken = asyncio.Event()
        self._in_hand: set[asyncio.Task[bool]] = set()
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
            if self._may_be_more and self._permits.left < 1:
                await self._pause(self._permits.seconds_to_next(), stopping)
            else:
                await self._pause(pause, stopping)
        await self.finish()

    async def take(self) -> int:
        """Claim as many mails as there are hands and permits for, and begin with them. How many were taken."""
        free = _AT_ONCE - len(self._in_hand)
        if free < _HANDFUL:
            return 0
        await self._know_limit()
        now = self._clock.now()
        count = min(free, self._permits.available(now))
        if count == 0:
            return 0

        async def claim(unit: UnitOfWork) -> list[Mail]:
            return await self._repository.claim(
                unit, limit=count, now=now, until=now + _CLAIM, skip_locked=self._database.supports_skip_locked
            )

        mails = await self._database.run(claim)
        self._permits.take(len(mails))
        self._may_be_more = len(mails) == count
        for mail in mails:
            task = asyncio.create_task(self._delivery.deliver(mail))
            self._in_hand.add(task)
            task.add_done_callback(self._put_down)
        return len(mails)

    async def finish(self) -> None:
        """Wait for the mails in hand."""
        while self._in_hand:
            await asyncio.wait(self._in_hand)

    async def _know_limit(self) -> None:
        """Ask for the account's rate now and then; what was known holds while nobody answers."""
        now = self._clock.now()
        if self._limit_holds_until is not None and now < self._limit_holds_until:
            return
        try:
            rate = await self._limit.mails_per_second()
        except Failure as failure:
            log.warning("sending limit not known", reason=str(failure))
            self._limit_holds_until = now + _LIMIT_UNKNOWN
            return
        if self._limit_holds_until is None:
            # It has sent nothing yet: a second's worth is there.
            self._permits = Permits(rate, now, max(1.0, rate))
        self._permits.change_rate(rate, now)
        metrics.level("mails-per-second-allowed", rate)
        self._limit_holds_until = now + _LIMIT_HOLDS

    def _put_down(self, task: asyncio.Task[bool]) -> None:
        self._in_hand.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The claim lapses, and the mail is taken up again.
            log.error("mail left in hand", error=type(error).__name__)
        elif not task.cancelled() and not task.result():
            self._permits.give_back()
        if self._may_be_more:
            self.wake()

    async def _pause(self, seconds: float, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._woken.wait()), asyncio.ensure_future(stopping.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
