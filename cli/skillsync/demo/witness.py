"""Sees what the answers set off: the events on the topic, by a queue of its own, and the mails in the mailbox."""

import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from skillsync.demo.member import WrongAnswer
from skillsync.local.state import Status
from skillsync.views.mail import Mail, read_mails
from skillsync.views.session import client

DEADLINE_SECONDS = 15.0
POLL_SECONDS = 0.02
Found = TypeVar("Found")


def wait_for(what: str, look: Callable[[], Found | None]) -> Found:
    """The first thing that `look` finds. Raises WrongAnswer at the deadline."""
    give_up_at = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > give_up_at:
            raise WrongAnswer(f"{what}: not within {DEADLINE_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


class EventWitness:
    """A temporary queue, subscribed to the topic without a filter; gone after `close`.

    `seen` holds (arrival in seconds since the epoch, CloudEvent) in the order of arrival.
    """

    def __init__(self, status: Status) -> None:
        self.seen: list[tuple[float, dict[str, Any]]] = []
        self._sqs = client(status, "sqs")
        self._sns = client(status, "sns")
        name = f"demo-{uuid.uuid4()}"
        self._queue = self._sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        arn, topic = asked["Attributes"]["QueueArn"], status["topic_arn"]
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": _policy(arn, topic)})
        self._subscription = self._sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._receive, name="demo-events", daemon=True)
        self._thread.start()

    def find(self, event_type: str, subject: str) -> tuple[float, dict[str, Any]] | None:
        """The first event of this type about this subject."""
        return next(
            (pair for pair in self.seen if (pair[1]["type"], pair[1]["subject"]) == (event_type, subject)), None
        )

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._queue)

    def _receive(self) -> None:
        # Short polls: the emulator's long poll looks only every 100 ms.
        while not self._closing.wait(POLL_SECONDS):
            answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=0)
            moment = time.time()
            for message in answer.get("Messages", []):
                self.seen.append((moment, json.loads(message["Body"])))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])


class MailWitness:
    """The mailbox of the local SES."""

    def __init__(self, status: Status) -> None:
        self._endpoint = status["aws_endpoint"]

    def to(self, email: str) -> list[Mail]:
        """Mails to this address alone, the oldest first."""
        return [mail for mail in read_mails(self._endpoint) if mail["recipients"] == [email]]

    def number(self, count: int, email: str) -> Mail | None:
        """The mail that is the `count`-th to this address, counted from 1; None while there are fewer."""
        mails = self.to(email)
        return mails[count - 1] if len(mails) >= count else None


def _policy(queue_arn: str, topic_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
