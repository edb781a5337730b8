"""The DLQs of the running system, and what can be done with the messages in one: list, move back, delete."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from skillsync.errors import Problem
from skillsync.local.wiring import FEEDBACK, QUEUES
from skillsync.operations.aws import Messaging, counts, queue_name
from skillsync.operations.hold import MOST_HELD, Hold, Message

# Messages a second. Whoever handles them handles the ordinary ones at the same time.
REDRIVE_RATE = 50
_BATCH = 10

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class DeadLetterQueue:
    """`target_url` is the queue its messages go back to, `service` the one that consumes that queue."""

    name: str
    url: str
    target_url: str
    service: str
    is_of_subscription: bool


def dead_letter_queues(messaging: Messaging) -> dict[str, DeadLetterQueue]:
    """By the names that commands take: `user` is the consumer's DLQ, `user-subscription` that of SNS's deliveries."""
    services = {name.lower(): service for service, name in QUEUES.items()} | {FEEDBACK.lower(): "notifications"}
    found = {}
    for name, queue in messaging["queues"].items():
        for key, url in ((name, queue["dlq_url"]), (f"{name}-subscription", queue["subscription_dlq_url"])):
            found[key] = DeadLetterQueue(key, url, queue["url"], services[name], key != name)
    return found


def choose(messaging: Messaging, name: str) -> DeadLetterQueue:
    """The DLQ of this name. Raises Problem."""
    known = dead_letter_queues(messaging)
    if name not in known:
        raise Problem(f"There is no queue '{name}'. There are: {', '.join(known)}.")
    return known[name]


def depth(sqs: Any, url: str) -> int:
    """Messages in a queue, those in somebody's hands included."""
    return sum(counts(sqs, url))


def chosen(hold: Hold, dlq: DeadLetterQueue, ids: Sequence[str]) -> list[Message]:
    """The messages of these ids, taken. Raises Problem when one is not there: then nothing has changed."""
    found = {message["MessageId"]: message for message in hold.take(MOST_HELD, frozenset(ids))}
    missing = [id for id in ids if id not in found]
    if missing:
        raise Problem(
            f"Nothing was changed: {', '.join(missing)} is not among the {len(found)} messages found in "
            f"{queue_name(dlq.url)}. See `skillsync dlq list {dlq.name}`."
        )
    return [found[id] for id in dict.fromkeys(ids)]


def send_back(sqs: Any, hold: Hold, dlq: DeadLetterQueue, message: Message) -> None:
    """Send it to its queue with its attributes; delete it here only when SQS has acknowledged that.

    A crash between the two leaves it in both, and the consumer recognises the event. Raises what AWS refuses.
    """
    header = message.get("Attributes", {}).get("AWSTraceHeader")
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}} if header else {}
    sqs.send_message(
        QueueUrl=dlq.target_url,
        MessageBody=message["Body"],
        MessageAttributes=message.get("MessageAttributes", {}),
        MessageSystemAttributes=trace,
    )
    hold.delete(message)


def each(
    sqs: Any,
    dlq: DeadLetterQueue,
    act: Callable[[Hold, Message], None],
    progress: Progress,
    *,
    at_most: int | None = None,
) -> list[Message]:
    """Act on every message that is there now, or on `at_most`, one at a time, at most REDRIVE_RATE a second.

    Returns those acted on. A message that was moved back may fail again and return meanwhile: so no more than there
    were at the start.
    """
    total = depth(sqs, dlq.url)
    if at_most is not None:
        total = min(total, at_most)
    done: list[Message] = []
    while len(done) < total:
        with Hold(sqs, dlq.url) as hold:
            messages = hold.take(min(_BATCH, total - len(done)))
            for message in messages:
                act(hold, message)
                done.append(message)
                progress(len(done), total)
                time.sleep(1 / REDRIVE_RATE)
        if not messages:
            break
    return done
