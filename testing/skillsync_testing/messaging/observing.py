"""Looking at queues with plain client calls, waiting for conditions and never for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

__all__ = ["Watched", "drain", "is_empty", "receive", "take", "until"]

Value = TypeVar("Value")
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class Watched:
    """An SQS client that remembers each message it was handed, once for each receive; all else is the client's own."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.received: list[dict[str, Any]] = []
        self.polls = 0
        self.is_polling = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def receive_message(self, **arguments: Any) -> Any:
        """As the client's; `polls` counts the calls, `is_polling` says whether one waits for its answer."""
        self.polls += 1
        self.is_polling = True
        try:
            answer = await self._client.receive_message(**arguments)
        finally:
            self.is_polling = False
        self.received += answer.get("Messages", [])
        return answer

    def of(self, text: str) -> list[dict[str, Any]]:
        """What was received with this text in its body, in order."""
        return [message for message in self.received if text in message["Body"]]


async def until(look: Callable[[], Awaitable[Value]], what: str, *, seconds: float = 60) -> Value:
    """Look again and again until the answer is true, and return it; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := await look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s; last seen: {value!r}"
        await asyncio.sleep(0.05)
    return value


async def receive(client: Any, queue_url: str, *, wait_seconds: int = 5) -> list[dict[str, Any]]:
    """One receive, as another consumer would do it."""
    answer = await client.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds, MessageAttributeNames=["All"]
    )
    return list(answer.get("Messages", []))


async def take(client: Any, queue_url: str, count: int, *, seconds: float = 60) -> list[dict[str, Any]]:
    """Receive and delete until there were `count` different bodies, then whatever else comes at once; all of it."""
    messages: list[dict[str, Any]] = []

    async def bodies() -> bool:
        found = await receive(client, queue_url, wait_seconds=1)
        for message in found:
            messages.append(message)
            await client.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len({message["Body"] for message in messages}) >= count and not found

    await until(bodies, f"{count} messages in {queue_url}", seconds=seconds)
    return messages


async def is_empty(client: Any, queue_url: str) -> bool:
    """Whether no message waits, is in anybody's hands or is put off."""
    attributes = (await client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=list(_COUNTS)))["Attributes"]
    return not any(int(attributes[name]) for name in _COUNTS)


async def drain(client: Any, queue_url: str) -> None:
    """Delete whatever an earlier test left, until nothing is."""

    async def empty() -> bool:
        if await is_empty(client, queue_url):
            return True
        await take(client, queue_url, 0)
        return False

    await until(empty, f"{queue_url} is empty", seconds=120)
