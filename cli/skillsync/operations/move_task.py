"""SQS's own redrive: StartMessageMoveTask, where the endpoint has it."""

import time
from typing import Any

from skillsync.errors import Problem
from skillsync.operations.aws import queue_arn, queue_name
from skillsync.operations.dead_letters import REDRIVE_RATE, DeadLetterQueue, Progress

_POLL_SECONDS = 1.0
# What endpoints without it answer; the last is AWS's own, for a queue that it does not do this for.
_UNKNOWN_ACTION = frozenset(
    {"InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException", "UnsupportedOperation"}
)


def move_all(sqs: Any, dlq: DeadLetterQueue, progress: Progress, poll_seconds: float = _POLL_SECONDS) -> int | None:
    """Let SQS move every message back, and wait for it; how many. None when the endpoint cannot: nothing has happened.

    Cancelled when interrupted. Raises Problem when SQS gives up.
    """
    source = queue_arn(sqs, dlq.url)
    handle = _start(sqs, source, queue_arn(sqs, dlq.target_url))
    if handle is None:
        return None
    try:
        while True:
            task = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
            moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
            progress(moved, int(task.get("ApproximateNumberOfMessagesToMove", 0)))
            if task["Status"] not in ("RUNNING", "CANCELLING"):
                break
            time.sleep(poll_seconds)
    except KeyboardInterrupt:
        sqs.cancel_message_move_task(TaskHandle=handle)
        raise
    if task["Status"] != "COMPLETED":
        reason = task.get("FailureReason", "no reason given")
        raise Problem(
            f"SQS moved {moved} messages of {queue_name(dlq.url)}, then the task was {task['Status']}: {reason}. "
            f"See `skillsync dlq list {dlq.name}`; by id they are moved one at a time."
        )
    return moved


def _start(sqs: Any, source: str, target: str) -> str | None:
    from botocore.exceptions import ClientError  # noqa: PLC0415

    try:
        # With the target named, for a message that was put into the DLQ by hand has no source to go back to.
        return str(
            sqs.start_message_move_task(
                SourceArn=source, DestinationArn=target, MaxNumberOfMessagesPerSecond=REDRIVE_RATE
            )["TaskHandle"]
        )
    except ClientError as error:
        if error.response["Error"]["Code"].rpartition(".")[2] in _UNKNOWN_ACTION:
            return None
        raise
