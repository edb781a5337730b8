"""AWS clients, and the adapter of the relay's port to SNS.

The endpoint, region and credentials come from AWS's own environment variables (AWS_ENDPOINT_URL, AWS_REGION, …), so the
same code talks to AWS and to the local cloud.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

from skillsync_kit.relay import PUBLISH_SECONDS, Message

if TYPE_CHECKING:
    from types_aiobotocore_sns import SNSClient
    from types_aiobotocore_sns.type_defs import PublishBatchRequestEntryTypeDef

__all__ = ["SnsPublisher", "open_client"]

# PublishBatch takes at most ten messages and 256 KiB together; our events are a few KiB.
_ENTRIES = 10
_BYTES = 200_000
_CALLS_AT_ONCE = 4


async def open_client(
    stack: AsyncExitStack, service: str, *, read_timeout_seconds: float = 10, attempts: int = 3
) -> Any:
    """A client of an AWS service, closed with `stack`; one attempt for calls that must not be repeated unseen."""
    config = AioConfig(
        connect_timeout=3,
        read_timeout=read_timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=50,
    )
    return await stack.enter_async_context(get_session().create_client(service, config=config))  # type: ignore[call-overload]


class SnsPublisher:
    """Publishes to one SNS topic, with the event's type as the message attribute that subscriptions filter on."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn
        self._calls = asyncio.Semaphore(_CALLS_AT_ONCE)

    async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
        """Publish all within PUBLISH_SECONDS; the ids that did not get through by then, each with the reason."""
        return await self._publish_all(_batches(messages))

    async def _publish_all(self, batches: Sequence[Sequence[Message]]) -> dict[str, str]:
        failures = await asyncio.gather(*(self._publish_batch(batch) for batch in batches))
        return {message_id: reason for failed in failures for message_id, reason in failed.items()}

    async def _publish_batch(self, messages: Sequence[Message]) -> dict[str, str]:
        entries: list[PublishBatchRequestEntryTypeDef] = [
            {
                "Id": message.id,
                "Message": message.payload,
                "MessageAttributes": {"type": {"DataType": "String", "StringValue": message.type}},
            }
            for message in messages
        ]
        try:
            # Each call by itself: what another has published stays published.
            async with asyncio.timeout(PUBLISH_SECONDS), self._calls:
                answer = await self._client.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=entries)
            # A batch can fail in part: only what is listed as successful has left.
            done = {entry.get("Id") for entry in answer.get("Successful", [])}
            reasons = {entry["Id"]: entry.get("Message", entry["Code"]) for entry in answer.get("Failed", [])}
        except Exception as error:
            if _is_refused(error) and len(messages) > 1:
                # One entry's fault; which one shows when each goes by itself.
                return await self._publish_all([[message] for message in messages])
            # Away, or answering what cannot be parsed: whichever it is, the rows wait and keep the reason.
            return dict.fromkeys((message.id for message in messages), f"{type(error).__name__}: {error}")
        return {m.id: reasons.get(m.id, "not confirmed by the broker") for m in messages if m.id not in done}


def _is_refused(error: Exception) -> bool:
    """Whether the call itself was found wrong, and would be again."""
    if not isinstance(error, ClientError):
        return False
    answer = error.response
    return answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) == 400 and "Throttl" not in str(
        answer.get("Error", {}).get("Code")
    )


def _batches(messages: Sequence[Message]) -> list[list[Message]]:
    batches: list[list[Message]] = []
    size = 0
    for message in messages:
        length = len(message.payload.encode())
        if not batches or len(batches[-1]) == _ENTRIES or size + length > _BYTES:
            batches.append([])
            size = 0
        batches[-1].append(message)
        size += length
    return batches
