"""Messages of a DLQ in our hands for a short time. A look is a receive: it raises the count and hides the message."""

from types import TracebackType
from typing import Any, Self

_BATCH = 10
# Long enough for all that is done with them; if we are killed, they come back by themselves then.
_VISIBILITY_SECONDS = 60
# A long poll asks every server of SQS; a short one may miss messages.
_WAIT_SECONDS = 1
# As many as one command holds at once.
MOST_HELD = 1000

Message = dict[str, Any]


class Hold:
    """A context: at its end, however it comes, all that was not deleted is given back at once."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs = sqs
        self._url = url
        self._held: dict[str, Message] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.give_back()

    def take(self, limit: int, until: frozenset[str] = frozenset()) -> list[Message]:
        """Receive until the queue has no more, `limit` is reached, or all of the message ids `until` are there."""
        while len(self._held) < limit and not (until and until <= self._held.keys()):
            messages = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(_BATCH, limit - len(self._held)),
                VisibilityTimeout=_VISIBILITY_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not messages:
                break
            self._held.update((message["MessageId"], message) for message in messages)
        return list(self._held.values())

    def delete(self, message: Message) -> None:
        """Delete it from the queue for good."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        del self._held[message["MessageId"]]

    def give_back(self) -> None:
        """Make what is still held visible again."""
        handles = [message["ReceiptHandle"] for message in self._held.values()]
        self._held.clear()
        for start in range(0, len(handles), _BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(handles[start : start + _BATCH])
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
