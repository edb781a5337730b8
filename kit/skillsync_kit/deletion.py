"""Deletes handled messages in batches: what comes while one call is under way goes together with the next."""

import asyncio
from typing import TYPE_CHECKING

from skillsync_kit.failpoints import failpoint
from skillsync_kit.telemetry import log

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient

__all__ = ["Deletion"]

# What one DeleteMessageBatch takes.
_ENTRIES = 10
# Handled messages wait for it with their hands full: what is not deleted by then comes again, and is recognised.
_CALL_SECONDS = 3
# Given out anew or gone in the meantime: whoever has it now will recognise the event and delete it.
_NO_LONGER_OURS = "ReceiptHandleIsInvalid"


class Deletion:
    """Deletes messages of one queue."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._waiting: dict[str, None] = {}
        self._calling = asyncio.Lock()

    async def delete(self, receipt_handle: str) -> None:
        """Delete a message, alone or together with others. Call it after the commit.

        Never raises for the broker's sake: what is not deleted is delivered again and recognised.
        """
        self._waiting[receipt_handle] = None
        async with self._calling:
            # Not there any more: it went with the call of another that waited.
            while receipt_handle in self._waiting:
                batch = list(self._waiting)[:_ENTRIES]
                for handle in batch:
                    del self._waiting[handle]
                await self._delete(batch)

    async def _delete(self, receipt_handles: list[str]) -> None:
        failpoint("before-delete")
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                answer = await self._client.delete_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[{"Id": str(n), "ReceiptHandle": handle} for n, handle in enumerate(receipt_handles)],
                )
        except Exception as error:
            log.warning("messages not deleted", count=len(receipt_handles), error=type(error).__name__)
            return
        for failure in answer.get("Failed", []):
            if failure.get("Code") != _NO_LONGER_OURS:
                log.warning("message not deleted", code=failure.get("Code"))
