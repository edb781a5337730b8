"""Makes, updates and deletes stacks through change sets, with the same calls on AWS and on an emulator."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from skillsync.stacks.environments import Environment, Stack, plan, wire
from skillsync.stacks.errors import StackError
from skillsync.stacks.waiting import attempts, describe, finish, one_line, settled

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import ChangeSetTypeType

__all__ = ["delete", "deploy", "deploy_all", "outputs"]

_UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")


def deploy_all(
    client: "CloudFormationClient",
    env: Environment,
    tags: Mapping[str, str] | None = None,
    on_start: Callable[[Stack], None] = lambda stack: None,
) -> dict[str, str]:
    """Deploy every stack of the environment's plan in order; return all their outputs together. Raises StackError."""
    known: dict[str, str] = {}
    for stack in plan(env):
        on_start(stack)
        known |= deploy(client, stack.stack_name, stack.body, wire(stack, env, known), tags)
    return known


def outputs(client: "CloudFormationClient", stack_name: str) -> dict[str, str]:
    """Return a stack's outputs by name. Raises StackError when there is no such stack."""
    with _as_stack_error(stack_name):
        stack = describe(client, stack_name)
    if stack is None:
        raise StackError(f"{stack_name}: no such stack")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def deploy(
    client: "CloudFormationClient",
    stack_name: str,
    body: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str] | None = None,
    *,
    deadline_seconds: float = 1800,
) -> dict[str, str]:
    """Create the stack, or update it to this body and these parameters, and return its outputs; no change, no update.

    Waits for another operation on the stack to end. The remains of a creation that failed hold no resource and are
    removed first. Raises StackError with the first resource that failed and its reason.
    """
    give_up_at = time.monotonic() + deadline_seconds
    with _as_stack_error(stack_name):
        status = settled(client, stack_name, give_up_at)
        if status == "ROLLBACK_COMPLETE":
            delete(client, stack_name, deadline_seconds=deadline_seconds)
            status = None
        if status not in {None, "REVIEW_IN_PROGRESS", *_UPDATABLE}:
            raise StackError(f"{stack_name}: is {status} and takes no update; mend it by hand or delete it")
        kind: ChangeSetTypeType = "UPDATE" if status in _UPDATABLE else "CREATE"
        change_set = _change_set(
            client, stack_name, kind=kind, body=body, parameters=parameters, tags=tags or {}, give_up_at=give_up_at
        )
        if change_set is not None:
            token = f"deploy-{uuid.uuid4()}"
            client.execute_change_set(ChangeSetName=change_set, StackName=stack_name, ClientRequestToken=token)
            finish(client, stack_name, token, give_up_at)
    return outputs(client, stack_name)


def delete(client: "CloudFormationClient", stack_name: str, *, deadline_seconds: float = 1800) -> None:
    """Delete the stack and wait until it is gone; none is fine. Raises StackError with the first that failed."""
    give_up_at = time.monotonic() + deadline_seconds
    with _as_stack_error(stack_name):
        stack = describe(client, stack_name)
        if stack is not None:
            token = f"delete-{uuid.uuid4()}"
            client.delete_stack(StackName=stack_name, ClientRequestToken=token)
            # A deleted stack answers to its id alone.
            finish(client, stack["StackId"], token, give_up_at)


def _change_set(
    client: "CloudFormationClient",
    stack_name: str,
    *,
    kind: "ChangeSetTypeType",
    body: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str],
    give_up_at: float,
) -> str | None:
    """Make a change set and return its ARN once it can be executed; None when there is nothing to change."""
    change_set = client.create_change_set(
        StackName=stack_name,
        ChangeSetName=f"deploy-{uuid.uuid4()}",
        ChangeSetType=kind,
        TemplateBody=body,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )["Id"]
    for _ in attempts(stack_name, give_up_at):
        described = client.describe_change_set(ChangeSetName=change_set, StackName=stack_name)
        if described["Status"] == "CREATE_COMPLETE":
            return change_set
        if described["Status"] == "FAILED":
            break
    reason = described.get("StatusReason", "no reason given")
    client.delete_change_set(ChangeSetName=change_set, StackName=stack_name)
    if kind == "CREATE":  # leave no empty stack in review behind
        client.delete_stack(StackName=stack_name)
    elif any(text in reason for text in _UNCHANGED):
        return None
    raise StackError(one_line(f"{stack_name}: the change set failed: {reason}"))


@contextmanager
def _as_stack_error(stack_name: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StackError(one_line(f"{stack_name}: {error}")) from error
