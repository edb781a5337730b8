"""Waiting for CloudFormation: until a stack is at rest, and until the end of an operation that was started here."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from skillsync.stacks.errors import StackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef, StackTypeDef

__all__ = ["attempts", "describe", "finish", "one_line", "settled"]

_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}
# Follow from the first failure and would hide it.
_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")


def describe(client: "CloudFormationClient", stack_name: str) -> "StackTypeDef | None":
    """The stack as CloudFormation describes it; None when there is none."""
    try:
        return client.describe_stacks(StackName=stack_name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def settled(client: "CloudFormationClient", stack_name: str, give_up_at: float) -> str | None:
    """The stack's status once no operation runs on it; None when there is no stack."""
    for _ in attempts(stack_name, give_up_at):
        stack = describe(client, stack_name)
        status = stack["StackStatus"] if stack else None
        # In review: a change set was made for a stack that is not; nothing runs.
        if status is None or status == "REVIEW_IN_PROGRESS" or not status.endswith("_IN_PROGRESS"):
            return status
    raise AssertionError("unreachable: attempts ends by raising")


def finish(client: "CloudFormationClient", stack: str, token: str, give_up_at: float) -> None:
    """Wait for the end of the operation that was started with this token.

    Its own events say so, and not the stack's status, which may still be the one from before it.
    """
    for _ in attempts(stack, give_up_at):
        newest = client.describe_stack_events(StackName=stack)["StackEvents"]
        own = [event for event in newest if event.get("ClientRequestToken") == token]
        status = next((event["ResourceStatus"] for event in own if event["PhysicalResourceId"] == event["StackId"]), "")
        if status and not status.endswith("_IN_PROGRESS"):
            if status not in _DONE:
                raise StackError(_first_failure(client, stack, token, status))
            return


def _first_failure(client: "CloudFormationClient", stack: str, token: str, status: str) -> str:
    failed: Sequence[StackEventTypeDef] = [
        event
        for page in client.get_paginator("describe_stack_events").paginate(StackName=stack)
        for event in page["StackEvents"]
        if event.get("ClientRequestToken") == token
        and event["ResourceStatus"].endswith("_FAILED")
        and not event.get("ResourceStatusReason", "").startswith(_CONSEQUENCES)
    ]
    if not failed:
        return f"{stack}: {status}"
    first = failed[-1]  # events come newest first
    reason = first.get("ResourceStatusReason", first["ResourceStatus"])
    return one_line(f"{first['StackName']}: {first['LogicalResourceId']} ({first['ResourceType']}): {reason}")


def attempts(stack_name: str, give_up_at: float) -> Iterator[None]:
    """Yield until the deadline, each time after a tenth of the wait so far, within 20 ms and 5 s.

    So an emulator that takes 30 ms is not waited for in seconds, and AWS is not asked 50 times a second for minutes.
    """
    started = time.monotonic()
    while True:
        yield
        now = time.monotonic()
        if now >= give_up_at:
            raise StackError(f"{stack_name}: not finished after {now - started:.0f} s")
        time.sleep(min(5, max(0.02, (now - started) / 10)))


def one_line(text: str) -> str:
    """The text on one line, for a message."""
    return " ".join(text.split())
