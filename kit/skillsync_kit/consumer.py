"""The SQS consumer: an idempotent consumer of events.

It records the event's id and does the effect in one transaction, commits, and only then deletes the message. What fails
stays on the queue and comes back later; the queue's redrive policy alone gives a message up to the dead-letter queue.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from skillsync_kit.events import UnreadableEvent
from skillsync_kit.failpoints import failpoint
from skillsync_kit.inbox import Inbox
from skillsync_kit.telemetry import log

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient
    from types_aiobotocore_sqs.type_defs import MessageTypeDef

__all__ = ["Consumer"]

_BATCH = 10
_LONG_POLL_SECONDS = 20
_HANDLING_SECONDS = 30
_LONGEST_BACK_OFF_SECONDS = 300
_BROKER_AWAY_SECONDS = 1.0


class Consumer:
    """Receives from one SQS queue and hands each message to an inbox, a batch at a time."""

    def __init__(self, client: "SQSClient", queue_url: str, inbox: Inbox, handled: Callable[[], None] = lambda: None):
        self._client = client
        self._queue_url = queue_url
        self._inbox = inbox
        self._handled = handled

    async def run(self, stopping: asyncio.Event) -> None:
        """Receive and handle until `stopping` is set; what is in hand then is finished first."""
        while not stopping.is_set():
            try:
                messages = await self._receive(stopping)
                await self.handle(messages)
            except Exception as error:
                # The broker is away, or answers what cannot be parsed: nothing is lost, the messages come back.
                log.warning("queue does not answer", consumer=self._inbox.name, error=type(error).__name__)
                await _wait(stopping, _BROKER_AWAY_SECONDS)

    async def handle(self, messages: Sequence["MessageTypeDef"]) -> None:
        """Handle a batch; delete what succeeded, put the rest off by a random time that grows with each receive."""
        if not messages:
            return
        succeeded = await asyncio.gather(*(self._handle_one(message) for message in messages))
        done = [m for m, ok in zip(messages, succeeded, strict=True) if ok]
        failed = [m for m, ok in zip(messages, succeeded, strict=True) if not ok]
        if done:
            self._handled()
            failpoint("before-delete")
            await self._delete(done)
        if failed:
            await self._put_off(failed)

    async def _receive(self, stopping: asyncio.Event) -> Sequence["MessageTypeDef"]:
        receive = asyncio.ensure_future(
            self._client.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=_BATCH,
                WaitTimeSeconds=_LONG_POLL_SECONDS,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        )
        stop = asyncio.ensure_future(stopping.wait())
        try:
            await asyncio.wait({receive, stop}, return_when=asyncio.FIRST_COMPLETED)
            return (await receive).get("Messages", []) if receive.done() else []
        finally:
            receive.cancel()
            stop.cancel()

    async def _handle_one(self, message: "MessageTypeDef") -> bool:
        try:
            async with asyncio.timeout(_HANDLING_SECONDS):
                await self._inbox.receive(message.get("Body", ""))
        except UnreadableEvent as unreadable:
            log.error("message cannot be read", message_id=message.get("MessageId"), reason=str(unreadable))
            return False
        except Exception:
            # One message's failure must not touch the others; the queue brings it back.
            log.exception("message failed", message_id=message.get("MessageId"), receives=_receives(message))
            return False
        return True

    async def _delete(self, messages: Sequence["MessageTypeDef"]) -> None:
        answer = await self._client.delete_message_batch(
            QueueUrl=self._queue_url,
            Entries=[{"Id": str(n), "ReceiptHandle": m.get("ReceiptHandle", "")} for n, m in enumerate(messages)],
        )
        for failure in answer.get("Failed", []):
            # It will be delivered again and recognised; worth knowing, not worth failing.
            log.warning("message not deleted", code=failure.get("Code"))

    async def _put_off(self, messages: Sequence["MessageTypeDef"]) -> None:
        await self._client.change_message_visibility_batch(
            QueueUrl=self._queue_url,
            Entries=[
                {"Id": str(n), "ReceiptHandle": m.get("ReceiptHandle", ""), "VisibilityTimeout": _back_off_seconds(m)}
                for n, m in enumerate(messages)
            ],
        )


def _receives(message: "MessageTypeDef") -> int:
    return int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1"))


def _back_off_seconds(message: "MessageTypeDef") -> int:
    """Full jitter: anything from nothing to 2 to the power of the receives, in seconds."""
    longest = min(2 ** min(_receives(message), 16), _LONGEST_BACK_OFF_SECONDS)
    return random.randint(0, longest)  # noqa: S311 - spreads load, guards nothing


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
