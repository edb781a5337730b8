"""What the operators' tools share of AWS: a refusal that ends in one line, and a queue's counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypedDict

from skillsync.errors import Problem
from skillsync.local.state import Queue, Status
from skillsync.views.session import client

_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


# A call is tried three times: who looks at a broken system learns soon that it hangs.
READ_TIMEOUT_SECONDS = 5


class Messaging(TypedDict):
    """What is looked into: the queues by their consumers' names, and where AWS is, "" when it is AWS itself."""

    aws_endpoint: str
    queues: dict[str, Queue]


class Counts(NamedTuple):
    """How many messages a queue holds, as SQS believes: its figures settle within a minute."""

    waiting: int
    in_flight: int
    delayed: int


def hurried(status: Status, service: str) -> Any:
    """A boto3 client of the running system's AWS that does not wait for long."""
    return client(status, service, read_timeout_seconds=READ_TIMEOUT_SECONDS)


@contextmanager
def aws_problems(endpoint: str) -> Iterator[None]:
    """Whatever AWS refuses, or its silence, as a Problem; `endpoint` is "" for AWS itself."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto takes half a second

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        text = " ".join(str(error).split())
        if not endpoint:
            raise Problem(f"AWS: {text}") from None
        raise Problem(f"AWS at {endpoint}: {text} Look at `skillsync status` and `skillsync logs cloud`.") from None


def counts(sqs: Any, url: str) -> Counts:
    """The counts of one queue. Receives nothing."""
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
    return Counts(*(int(found[name]) for name in _COUNTS))


def queue_name(url: str) -> str:
    return url.rpartition("/")[2]


def queue_arn(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
