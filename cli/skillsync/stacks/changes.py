"""Change sets: what a stack would change, before anything does."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skillsync.stacks.errors import StackError
from skillsync.stacks.waiting import attempts, one_line

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import ChangeSetTypeType

__all__ = ["Change", "ChangeSet", "discard", "prepare"]

_UNCHANGED = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Change:
    """What becomes of one resource: `action` is Add, Modify, Remove, Import or Dynamic.

    `replacement` is "True" when the resource is made anew and the old one deleted, "Conditional" when CloudFormation
    cannot tell yet, else "False".
    """

    action: str
    resource: str
    type: str
    replacement: str = "False"


@dataclass(frozen=True)
class ChangeSet:
    """One that can be executed: its ARN, CREATE or UPDATE, and what it changes."""

    arn: str
    stack_name: str
    kind: str
    changes: tuple[Change, ...]


def prepare(
    client: "CloudFormationClient",
    stack_name: str,
    *,
    kind: "ChangeSetTypeType",
    body: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str],
    give_up_at: float,
) -> ChangeSet | None:
    """Make a change set and return it once it can be executed; None when there is nothing to change.

    Raises StackError with CloudFormation's reason when it cannot be made.
    """
    arn = client.create_change_set(
        StackName=stack_name,
        ChangeSetName=f"deploy-{uuid.uuid4()}",
        ChangeSetType=kind,
        TemplateBody=body,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )["Id"]
    made = ChangeSet(arn, stack_name, kind, ())
    for _ in attempts(stack_name, give_up_at):
        described = client.describe_change_set(ChangeSetName=arn, StackName=stack_name)
        if described["Status"] == "CREATE_COMPLETE":
            return ChangeSet(arn, stack_name, kind, tuple(_changes(client, made)))
        if described["Status"] == "FAILED":
            break
    reason = described.get("StatusReason", "no reason given")
    discard(client, made)
    if kind == "UPDATE" and any(text in reason for text in _UNCHANGED):
        return None
    raise StackError(one_line(f"{stack_name}: the change set failed: {reason}"))


def discard(client: "CloudFormationClient", change_set: ChangeSet) -> None:
    """Delete the change set; one of a stack that is not yet leaves no empty stack in review behind."""
    client.delete_change_set(ChangeSetName=change_set.arn, StackName=change_set.stack_name)
    if change_set.kind == "CREATE":
        client.delete_stack(StackName=change_set.stack_name)


def _changes(client: "CloudFormationClient", made: ChangeSet) -> list[Change]:
    pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=made.arn, StackName=made.stack_name)
    found = [change["ResourceChange"] for page in pages for change in page.get("Changes", [])]
    return [
        Change(one["Action"], one["LogicalResourceId"], one["ResourceType"], str(one.get("Replacement") or "False"))
        for one in found
        # A tag that is all that changes is no news: the release's is on every resource.
        if one.get("Scope") != ["Tags"]
    ]
