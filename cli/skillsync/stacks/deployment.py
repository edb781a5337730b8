"""Makes, updates and deletes stacks through change sets, with the same calls on AWS and on an emulator."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from skillsync import templates
from skillsync.stacks.changes import Change, ChangeSet, discard, prepare
from skillsync.stacks.environments import Environment, Stack, plan, wire
from skillsync.stacks.errors import StackError
from skillsync.stacks.waiting import Event, describe, finish, one_line, settled

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import ChangeSetTypeType

__all__ = ["delete", "deploy", "deploy_all", "find_outputs", "outputs", "preview"]

_UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
# A database in two zones with a replica takes most of it.
_DEADLINE_SECONDS = 3600.0

OnEvent = Callable[[Event], None]


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
    found = find_outputs(client, stack_name)
    if found is None:
        raise StackError(f"{stack_name}: no such stack")
    return found


def find_outputs(client: "CloudFormationClient", stack_name: str) -> dict[str, str] | None:
    """Return a stack's outputs by name; None when there is no such stack, or only one in review. Raises StackError."""
    with _as_stack_error(stack_name):
        stack = describe(client, stack_name)
    if stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def deploy(
    client: "CloudFormationClient",
    stack_name: str,
    body: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str] | None = None,
    *,
    on_event: OnEvent = lambda event: None,
    deadline_seconds: float = _DEADLINE_SECONDS,
) -> dict[str, str]:
    """Create the stack, or update it to this body and these parameters, and return its outputs; no change, no update.

    Waits for another operation on the stack to end. The remains of a creation that failed hold no resource and are
    removed first. A stack whose body and parameters are as given keeps its tags: they tell what changed it last.
    Raises StackError with the first resource that failed and its reason.
    """
    give_up_at = time.monotonic() + deadline_seconds
    with _as_stack_error(stack_name):
        change_set = _prepare(client, stack_name, body, parameters, tags or {}, give_up_at)
        if change_set is not None:
            token = f"deploy-{uuid.uuid4()}"
            client.execute_change_set(ChangeSetName=change_set.arn, StackName=stack_name, ClientRequestToken=token)
            finish(client, stack_name, token, give_up_at, on_event)
    return outputs(client, stack_name)


def preview(
    client: "CloudFormationClient",
    stack_name: str,
    body: str,
    parameters: Mapping[str, str],
    *,
    deadline_seconds: float = _DEADLINE_SECONDS,
) -> tuple[Change, ...]:
    """What `deploy` would change, asked of CloudFormation by a change set that is deleted again. Raises StackError."""
    give_up_at = time.monotonic() + deadline_seconds
    with _as_stack_error(stack_name):
        change_set = _prepare(client, stack_name, body, parameters, None, give_up_at)
        if change_set is None:
            return ()
        discard(client, change_set)
        return change_set.changes


def delete(
    client: "CloudFormationClient",
    stack_name: str,
    *,
    on_event: OnEvent = lambda event: None,
    deadline_seconds: float = _DEADLINE_SECONDS,
) -> None:
    """Delete the stack and wait until it is gone; none is fine. Raises StackError with the first that failed."""
    give_up_at = time.monotonic() + deadline_seconds
    with _as_stack_error(stack_name):
        stack = describe(client, stack_name)
        if stack is not None:
            token = f"delete-{uuid.uuid4()}"
            client.delete_stack(StackName=stack_name, ClientRequestToken=token)
            # A deleted stack answers to its id alone.
            finish(client, stack["StackId"], token, give_up_at, on_event)


def _prepare(
    client: "CloudFormationClient",
    stack_name: str,
    body: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str] | None,
    give_up_at: float,
) -> ChangeSet | None:
    """The change set that leads there, None when the stack is there already. Without tags, it keeps those it has."""
    status = settled(client, stack_name, give_up_at)
    if status == "ROLLBACK_COMPLETE":
        delete(client, stack_name, deadline_seconds=give_up_at - time.monotonic())
        status = None
    if status not in {None, "REVIEW_IN_PROGRESS", *_UPDATABLE}:
        raise StackError(f"{stack_name}: is {status} and takes no update; mend it by hand or delete it")
    kind: ChangeSetTypeType = "CREATE"
    if status in _UPDATABLE:
        kind = "UPDATE"
        if _is_as_given(client, stack_name, body, parameters):
            return None
        if tags is None:
            tags = _tags(client, stack_name)
    return prepare(
        client, stack_name, kind=kind, body=body, parameters=parameters, tags=tags or {}, give_up_at=give_up_at
    )


def _is_as_given(client: "CloudFormationClient", stack_name: str, body: str, parameters: Mapping[str, str]) -> bool:
    """Whether the stack has this very body and these values; a value that is not shown counts as another."""
    stack = describe(client, stack_name)
    if stack is None:
        return False
    # As it was sent, and not as a transform made it. Its stub says that it is a dict: that is for JSON alone.
    present = client.get_template(StackName=stack_name, TemplateStage="Original")["TemplateBody"]
    if str(present) != body:
        return False
    declared = templates.parsed(body).get("Parameters", {})
    given = {name: parameters.get(name, str(rules.get("Default", ""))) for name, rules in declared.items()}
    return given == {one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", [])}


def _tags(client: "CloudFormationClient", stack_name: str) -> dict[str, str]:
    stack = describe(client, stack_name)
    return {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])} if stack else {}


@contextmanager
def _as_stack_error(stack_name: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StackError(one_line(f"{stack_name}: {error}")) from error
