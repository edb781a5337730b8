"""The SQS consumer: an idempotent consumer of events.

It records the event's id and does the effect in one transaction, commits, and only then deletes the message. What fails
stays on the queue and comes back later; the queue's redrive policy alone gives a message up to the dead-letter queue.
Each message is a task of its own, so that one that is slow or poisonous delays no other.
"""

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from skillsync_kit.deletion import Deletion
from skillsync_kit.errors import Unavailable
from skillsync_kit.failed_messages import FailedMessages
from skillsync_kit.handling import Handling, ReceivedMessage
from skillsync_kit.inbox import Inbox
from skillsync_kit.telemetry import log
from skillsync_kit.throughput import Throughput
from skillsync_kit.visibility import Visibility
from skillsync_kit.waiting import pause, unless

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient

__all__ = ["Consumer"]

# In hand at most; also what one ReceiveMessage gives at most.
_IN_HAND = 10
_BROKER_AWAY_SECONDS = 1.0
_DATABASE_AWAY_SECONDS = 2.0
_PING_SECONDS = 5
# Within the time that a process has to end.
_FINISH_SECONDS = 15.0


class Consumer:
    """Receives from one SQS queue, never more than there are hands free for, and gives each message to an inbox."""

    def __init__(
        self,
        client: "SQSClient",
        queue_url: str,
        inbox: Inbox,
        failed: FailedMessages,
        handled: Callable[[], None] = lambda: None,
        *,
        long_poll_seconds: int = 20,
    ) -> None:
        """`failed` takes down why a message failed; `handled` is called when a message had its effect."""
        self._long_poll_seconds = long_poll_seconds
        self._client = client
        self._queue_url = queue_url
        self._inbox = inbox
        self._visibility = Visibility(client, queue_url)
        self._handling = Handling(inbox, self._visibility, Deletion(client, queue_url), failed, handled)
        self._in_hand: set[asyncio.Task[None]] = set()
        self._throughput = Throughput(inbox.name)

    async def run(self, stopping: asyncio.Event) -> None:
        """Receive and handle until `stopping` is set.

        What is in hand then is finished, or given back after 15 s; what an open poll still brings is given back.
        """
        try:
            while not stopping.is_set():
                try:
                    await self._turn(stopping)
                except Exception as error:
                    # The broker is away, or answers what cannot be parsed: nothing is lost, the messages come back.
                    log.warning("queue does not answer", consumer=self._inbox.name, error=type(error).__name__)
                    await pause(stopping, _BROKER_AWAY_SECONDS)
            if self._in_hand:
                await asyncio.wait(self._in_hand, timeout=_FINISH_SECONDS)
        finally:
            await self._end()

    async def _turn(self, stopping: asyncio.Event) -> None:
        """Do the one thing that is next: get to know the queue, wait for the database, receive, or wait for a hand."""
        if not self._visibility.is_known:
            await unless(stopping, self._visibility.read())
        elif self._handling.database_is_away:
            await self._ask_database(stopping)
        elif free := _IN_HAND - len(self._in_hand):
            await self._receive(free, stopping)
        else:
            await unless(stopping, asyncio.wait(self._in_hand, return_when=asyncio.FIRST_COMPLETED))

    async def _receive(self, free: int, stopping: asyncio.Event) -> None:
        poll = asyncio.ensure_future(
            self._client.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=free,
                WaitTimeSeconds=self._long_poll_seconds,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        )
        try:
            # An open poll cannot be taken back: the broker would answer it all the same, and hide what it gave nobody.
            await unless(stopping, asyncio.wait({poll}))
            await asyncio.wait({poll}, timeout=_FINISH_SECONDS)
            answer = await poll if poll.done() else None
        finally:
            poll.cancel()
        for received in answer.get("Messages", []) if answer else []:
            message = ReceivedMessage.of(received)
            handling = self._handling
            # Received in the moment in which it was told to stop, so not begun.
            work = handling.give_back(message) if stopping.is_set() else handling.take(message, stopping)
            task = asyncio.create_task(work)
            self._in_hand.add(task)
            self._throughput.begin()
            task.add_done_callback(self._out_of_hand)

    def _out_of_hand(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        self._throughput.end()

    async def _ask_database(self, stopping: asyncio.Event) -> None:
        """See whether the database answers; what would be received without it could only wait."""
        try:
            async with asyncio.timeout(_PING_SECONDS):
                await unless(stopping, self._inbox.database.warm())
        except (Unavailable, TimeoutError):
            await pause(stopping, random.uniform(0, _DATABASE_AWAY_SECONDS))  # noqa: S311 - spreads load
        else:
            self._handling.database_is_away = False

    async def _end(self) -> None:
        """Cancel what still runs; each gives its message back."""
        for task in self._in_hand:
            task.cancel()
        if self._in_hand:
            await asyncio.wait(self._in_hand)
