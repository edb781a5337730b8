"""How long a message stays hidden from other consumers: as long as it is being handled, and no longer.

SQS hides a received message for the queue's visibility timeout. Whoever needs longer says so in time, again and again;
a worker that has died says nothing, and the message is given out anew.
"""

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient

__all__ = ["LostMessage", "TookTooLong", "Visibility"]

Result = TypeVar("Result")

_CEILING_SECONDS = 300
_CALL_SECONDS = 5
_ROLLBACK_SECONDS = 5


class LostMessage(Exception):
    """The message could not be kept hidden: somebody else may be handling it by now."""


class TookTooLong(Exception):
    """The handling reached the ceiling, and was cancelled."""


class Visibility:
    """The visibility of one queue's messages."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """Nothing is known of the queue before `read`."""
        self._client = client
        self._queue_url = queue_url
        self._timeout_seconds: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether the queue's own timeout has been read."""
        return self._timeout_seconds is not None

    async def read(self) -> None:
        """Read the queue's visibility timeout. Raises what the client raises."""
        answer = await self._client.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["VisibilityTimeout"])
        # With a timeout of nothing a message is never hidden, and there is nothing to extend: a second is the least.
        self._timeout_seconds = max(1, int(answer["Attributes"]["VisibilityTimeout"]))

    async def while_hidden(self, receipt_handle: str, work: Awaitable[Result]) -> Result:
        """Do the work and keep its message hidden meanwhile: extended at half of the timeout, up to a ceiling of 300 s.

        Raises what the work raises. When the message cannot be kept (LostMessage) or the ceiling is reached
        (TookTooLong), the work is cancelled first, and its transaction has ended.
        """
        assert self._timeout_seconds is not None, "read it first"
        doing = asyncio.ensure_future(work)
        # What it raises after it was cancelled is of no interest, and must not be told as forgotten.
        doing.add_done_callback(lambda done: done.cancelled() or done.exception())
        loop = asyncio.get_running_loop()
        ceiling = loop.time() + _CEILING_SECONDS
        try:
            while True:
                rest = ceiling - loop.time()
                await asyncio.wait({doing}, timeout=min(self._timeout_seconds / 2, rest))
                if doing.done():
                    return doing.result()
                if loop.time() >= ceiling:
                    raise TookTooLong
                try:
                    await self._extend(receipt_handle)
                except LostMessage:
                    if not doing.done():
                        raise
        finally:
            if not doing.done():
                doing.cancel()
                await asyncio.wait({doing}, timeout=_ROLLBACK_SECONDS)

    async def change(self, receipt_handle: str, seconds: int) -> None:
        """Let the message be given out again after so many seconds, 0 for at once. Raises what the client raises."""
        async with asyncio.timeout(_CALL_SECONDS):
            await self._client.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )

    async def _extend(self, receipt_handle: str) -> None:
        assert self._timeout_seconds is not None
        try:
            # What is not extended when the timeout is over was given out to somebody else.
            async with asyncio.timeout(self._timeout_seconds / 2):
                await self.change(receipt_handle, self._timeout_seconds)
        except Exception as error:
            raise LostMessage(type(error).__name__) from error
