"""What becomes of one received message: its effect and then the delete, or a failure that is put off, or given back."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from skillsync_kit import metrics
from skillsync_kit.deletion import Deletion
from skillsync_kit.errors import Unavailable
from skillsync_kit.events import UnreadableEvent
from skillsync_kit.failed_messages import FailedMessages
from skillsync_kit.failures import record_failure
from skillsync_kit.inbox import Inbox
from skillsync_kit.telemetry import log
from skillsync_kit.visibility import LostMessage, TookTooLong, Visibility
from skillsync_kit.waiting import pause

if TYPE_CHECKING:
    from types_aiobotocore_sqs.type_defs import MessageTypeDef

__all__ = ["Handling", "ReceivedMessage"]

_LONGEST_BACK_OFF_SECONDS = 300
_SHORTEST_DATABASE_AWAY_SECONDS = 0.2
_LONGEST_DATABASE_AWAY_SECONDS = 5.0


@dataclass(slots=True)
class ReceivedMessage:
    """A message of the queue. `receives` counts this one too; `waits_for_database` is why it takes so long."""

    id: str
    handle: str
    body: str
    receives: int
    waits_for_database: bool = False

    @classmethod
    def of(cls, message: "MessageTypeDef") -> Self:
        """The message as SQS gives it."""
        receives = int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1"))
        return cls(message.get("MessageId", ""), message.get("ReceiptHandle", ""), message.get("Body", ""), receives)


class Handling:
    """Takes messages, each on its own: they share nothing but the inbox and the deletes.

    `database_is_away` is set when one of them found it so; who receives messages looks there, and clears it.
    """

    def __init__(
        self,
        inbox: Inbox,
        visibility: Visibility,
        deletion: Deletion,
        failed: FailedMessages,
        handled: Callable[[], None],
    ) -> None:
        self._inbox = inbox
        self._visibility = visibility
        self._deletion = deletion
        self._failed = failed
        self._handled = handled
        # Not known to be there before it has answered: what is received without it would have to wait.
        self.database_is_away = True

    async def take(self, message: ReceivedMessage, stopping: asyncio.Event) -> None:
        """Handle a message and delete it, put it off, or give it back. Never raises for the message's sake."""
        began = time.monotonic()
        try:
            is_first = await self._visibility.while_hidden(message.handle, self._handle(message, stopping))
        except Unavailable:
            await self.give_back(message)
        except TookTooLong as error:
            await (self.give_back(message) if message.waits_for_database else self._put_off(message, error))
        except LostMessage as error:
            self._count("messages-failed")
            log.warning("message no longer ours", message_id=message.id, error=str(error))
        except asyncio.CancelledError:
            await self.give_back(message)
            raise
        except Exception as error:
            # One message's failure must not touch the others; the queue brings it back.
            await self._put_off(message, error)
        else:
            self._count("messages-handled" if is_first else "messages-repeated")
            metrics.spent("handled-in", (time.monotonic() - began) * 1000, consumer=self._inbox.name)
            self._handled()
            await self._deletion.delete(message.handle)

    async def give_back(self, message: ReceivedMessage) -> None:
        """Let another consumer have the message at once."""
        self._count("messages-given-back")
        await self._let_come(message, 0)

    async def _handle(self, message: ReceivedMessage, stopping: asyncio.Event) -> bool:
        """Handle the message; whether this was the first time. While the database is away, try again here.

        An outage is not the message's fault: were it put back, it would be received again and again, and end in the
        dead-letter queue. Raises what the handler raises; Unavailable only when there is no time to try again.
        """
        longest = _SHORTEST_DATABASE_AWAY_SECONDS
        while True:
            try:
                return await self._inbox.receive(message.body)
            except Unavailable:
                message.waits_for_database = self.database_is_away = True
                await pause(stopping, random.uniform(0, longest))  # noqa: S311 - spreads load, guards nothing
                if stopping.is_set():
                    raise
            longest = min(longest * 2, _LONGEST_DATABASE_AWAY_SECONDS)

    async def _put_off(self, message: ReceivedMessage, error: Exception) -> None:
        """Write down why the message failed, and let it come again later: by a time that grows with each receive."""
        if isinstance(error, UnreadableEvent):
            log.error("message cannot be read", message_id=message.id, reason=str(error))
        else:
            log.error("message failed", message_id=message.id, receives=message.receives, exc_info=error)
        self._count("messages-failed")
        await record_failure(
            self._failed,
            self._inbox.database,
            error,
            consumer=self._inbox.name,
            message_id=message.id,
            body=message.body,
            receives=message.receives,
        )
        await self._let_come(message, _back_off_seconds(message.receives))

    async def _let_come(self, message: ReceivedMessage, seconds: int) -> None:
        try:
            await self._visibility.change(message.handle, seconds)
        except Exception as error:
            # Then it comes when its visibility timeout is over.
            log.warning("message not put back", message_id=message.id, error=type(error).__name__)

    def _count(self, name: str) -> None:
        metrics.count(name, consumer=self._inbox.name)


def _back_off_seconds(receives: int) -> int:
    """Full jitter: anything from nothing to 2 to the power of the receives, in seconds."""
    longest = min(2 ** min(receives, 16), _LONGEST_BACK_OFF_SECONDS)
    return random.randint(0, longest)  # noqa: S311 - spreads load, guards nothing
