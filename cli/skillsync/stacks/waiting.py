"""Waiting for CloudFormation: until a stack is at rest, and until the end of an operation that was started here."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from skillsync.stacks.errors import StackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef, StackTypeDef

__all__ = ["Event", "attempts", "describe", "finish", "one_line", "settled"]

_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}
# Follow from the first failure and would hide it.
_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")


@dataclass(frozen=True)
class Event:
    """What CloudFormation tells of a resource, or of the stack itself; `status` as in CREATE_IN_PROGRESS."""

    stack: str
    resource: str
    type: str
    status: str
    reason: str
    is_stack: bool
    id: str


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


def finish(
    client: "CloudFormationClient",
    stack: str,
    token: str,
    give_up_at: float,
    on_event: Callable[[Event], None] = lambda event: None,
) -> None:
    """Wait for the end of the operation that was started with this token, telling each of its events as it comes.

    Its own events say so, and not the stack's status, which may still be the one from before it.
    """
    seen: list[Event] = []
    known: set[str] = set()
    for _ in attempts(stack, give_up_at):
        for event in _new_events(client, stack, token, known):
            seen.append(event)
            on_event(event)
        status = next((event.status for event in reversed(seen) if event.is_stack), "")
        if status and not status.endswith("_IN_PROGRESS"):
            if status not in _DONE:
                raise StackError(_first_failure(stack, seen, status))
            return


def _new_events(client: "CloudFormationClient", stack: str, token: str, known: set[str]) -> list[Event]:
    """The operation's events that are not `known` yet, oldest first; adds them there."""
    new: list[Event] = []
    for event in _events(client, stack):
        # Newest first, and a stack has one operation at a time: what follows is known, or of an earlier one.
        if event["EventId"] in known or event.get("ClientRequestToken") != token:
            break
        new.append(
            Event(
                stack=event["StackName"],
                resource=event["LogicalResourceId"],
                type=event["ResourceType"],
                status=event["ResourceStatus"],
                reason=event.get("ResourceStatusReason", ""),
                is_stack=event["PhysicalResourceId"] == event["StackId"],
                id=event["EventId"],
            )
        )
    known |= {event.id for event in new}
    return new[::-1]


def _events(client: "CloudFormationClient", stack: str) -> "Iterator[StackEventTypeDef]":
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from page["StackEvents"]


def _first_failure(stack: str, seen: Sequence[Event], status: str) -> str:
    for event in seen:
        if event.status.endswith("_FAILED") and not event.reason.startswith(_CONSEQUENCES):
            return one_line(f"{event.stack}: {event.resource} ({event.type}): {event.reason or event.status}")
    return f"{stack}: {status}"


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
