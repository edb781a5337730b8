"""The relay: publishes what the outbox holds, bounded and retried, until every committed event has left.

Any number of relays may run. There is no leader and no order: consumers need neither. A crash between publishing and
marking publishes once more, by design; consumers are idempotent.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import bindparam, or_, select, update

from skillsync_kit import metrics
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.failpoints import failpoint
from skillsync_kit.outbox import Outbox
from skillsync_kit.telemetry import log

__all__ = ["PUBLISH_SECONDS", "Message", "Publisher", "Relay"]

PUBLISH_SECONDS = 10
"""How long publishing a batch may take: less than its claim lasts, or another relay would publish it too."""

_BATCH = 100
# What a relay that was killed had claimed waits for so long.
_CLAIM = timedelta(seconds=15)
# Idle polls find what another process committed just before it died; new work of this process wakes the relay itself.
_SHORTEST_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 1.0
# While something waits that could not be published.
_EXPECTING_POLL_SECONDS = 0.1
_BACK_OFF_SECONDS = (0.5, 1, 2, 5, 10, 30)
# Longer than any claim or back-off: one that ends later was written by a machine whose clock is wrong, and counts for
# nothing.
_BELIEVABLE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Message:
    """One outbox row on its way out."""

    id: str
    type: str
    payload: str
    attempts: int


class Publisher(Protocol):
    """Publishes to the broker."""

    async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
        """Publish all within PUBLISH_SECONDS; the ids that did not get through, each with the reason.

        Never raises for the broker's sake.
        """
        ...


class Relay:
    """Moves events from one service's outbox to the broker."""

    def __init__(self, database: Database, outbox: Outbox, publisher: Publisher, clock: Clock) -> None:
        self._database = database
        self._table = outbox.table
        self._publisher = publisher
        self._clock = clock
        self._woken = asyncio.Event()
        self._expecting_until = 0.0

    def wake(self) -> None:
        """Tell the relay that there is something to publish."""
        self._woken.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Publish until `stopping` is set, then once more what is pending."""
        pause = _SHORTEST_POLL_SECONDS
        while not stopping.is_set():
            self._woken.clear()
            try:
                published = await self.publish_pending()
            except Exception as error:
                # The database or the broker is away: nothing is lost, the rows wait.
                log.warning("relay turn failed", error=type(error).__name__)
                published = 0
            if published:
                pause = _SHORTEST_POLL_SECONDS
                continue
            await self._pause(pause, stopping)
            longest = _EXPECTING_POLL_SECONDS if time.monotonic() < self._expecting_until else _LONGEST_POLL_SECONDS
            pause = _SHORTEST_POLL_SECONDS if self._woken.is_set() else min(pause * 2, longest)
        try:
            await self.publish_pending()
        except Exception as error:
            log.warning("last relay turn failed", error=type(error).__name__)

    async def publish_pending(self) -> int:
        """Claim a batch, publish it outside any transaction, mark what got through. How many did."""
        messages, claimed_until = await self._database.run(self._claim)
        if not messages:
            return 0
        failed = await self._publisher.publish(messages)
        failpoint("after-publish")
        metrics.count("events-published", len(messages) - len(failed))
        metrics.count("events-not-published", len(failed))

        async def mark(unit: UnitOfWork) -> None:
            await self._mark(unit, messages, failed, claimed_until)
            failpoint("before-mark")

        await self._database.run(mark)
        return len(messages) - len(failed)

    async def _claim(self, unit: UnitOfWork) -> tuple[list[Message], datetime]:
        """At most a batch of what nobody else has in hand, and until when it is ours."""
        table, now = self._table, self._clock.now()
        claim = table.c.claimed_until
        pending = (
            select(table.c.id, table.c.type, table.c.payload, table.c.attempts, table.c.created_at)
            .where(table.c.published_at.is_(None))
            .where(or_(claim.is_(None), claim < now, claim > now + _BELIEVABLE))
            # What was tried before comes first: else new rows without end would keep it back for ever.
            .order_by(claim.desc())
            .limit(_BATCH)
        )
        if self._database.supports_skip_locked:
            pending = pending.with_for_update(skip_locked=True)
        rows = (await unit.connection.execute(pending)).all()
        if rows:
            ids = [row.id for row in rows]
            await unit.connection.execute(update(table).where(table.c.id.in_(ids)).values(claimed_until=now + _CLAIM))
            metrics.level("outbox-lag", (now - min(row.created_at for row in rows)).total_seconds())
        return [Message(row.id, row.type, row.payload, row.attempts) for row in rows], now + _CLAIM

    async def _mark(
        self, unit: UnitOfWork, messages: Sequence[Message], failed: dict[str, str], claimed_until: datetime
    ) -> None:
        """Write down what became of a batch. That an event left is true whoever says it, and first.

        A failure counts only while the claim is our own: else another relay has the row in hand, or has published it.
        """
        table, now = self._table, self._clock.now()
        published = [message.id for message in messages if message.id not in failed]
        if published:
            await unit.connection.execute(
                update(table)
                .where(table.c.id.in_(published), table.c.published_at.is_(None))
                .values(published_at=now, last_error=None)
            )
        again = [
            {
                "row": message.id,
                "attempts": message.attempts + 1,
                "last_error": failed[message.id][:500],
                "claimed_until": now + timedelta(seconds=_back_off_seconds(message.attempts)),
            }
            for message in messages
            if message.id in failed
        ]
        if again:
            log.warning("events not published", count=len(again), reason=again[0]["last_error"])
            waits = (_back_off_seconds(message.attempts) for message in messages if message.id in failed)
            self._expecting_until = time.monotonic() + max(waits) + _LONGEST_POLL_SECONDS
            ours = (table.c.published_at.is_(None), table.c.claimed_until == claimed_until)
            await unit.connection.execute(update(table).where(table.c.id == bindparam("row"), *ours), again)

    async def _pause(self, seconds: float, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._woken.wait()), asyncio.ensure_future(stopping.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _back_off_seconds(attempts: int) -> float:
    return _BACK_OFF_SECONDS[min(attempts, len(_BACK_OFF_SECONDS) - 1)]
