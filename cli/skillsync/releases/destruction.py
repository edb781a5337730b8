"""What `skillsync destroy` does."""

from pathlib import Path

from skillsync import stacks
from skillsync.errors import Problem
from skillsync.local.tables import make_console
from skillsync.releases.account import Account, enter, find_environment, problems
from skillsync.releases.history import History
from skillsync.releases.view import View
from skillsync.stacks import Stack


def destroy(checkout: Path, name: str, *, yes: bool) -> None:
    """Delete the environment. Raises Problem, for a protected one before anything is asked of AWS."""
    env = find_environment(name, checkout)
    if env.is_protected:
        raise Problem(
            f"{env.name} is protected (infra/environments.yaml) and is not destroyed. Who means it takes `protected:` "
            "away there, in a commit of its own."
        )
    account, view = enter(env), View(make_console())
    client = account.client("cloudformation")
    with problems():
        present = [one for one in stacks.plan(env) if stacks.find_outputs(client, one.stack_name) is not None]
        view.where("destroy", env, account.number)
        if not yes:
            view.say("\n".join(f"  [red]-[/] {stack.stack_name}" for stack in present[::-1]) or "  nothing is there")
            raise Problem(f"Nothing was deleted. To delete these stacks and their data: skillsync destroy {name} --yes")
        for stack in present[::-1]:
            view.stack_begins(stack)
            _empty_buckets(account, stack)
            stacks.delete(client, stack.stack_name, on_event=view.event)
            view.stack_ends(stack)
        History(account.client("ssm"), env.name).forget()
    view.say(f"[bold green]{env.name} is gone.[/]")


def _empty_buckets(account: Account, stack: Stack) -> None:
    """CloudFormation deletes no bucket that holds anything."""
    client, s3 = account.client("cloudformation"), account.client("s3")
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack.stack_name)
    for resource in (one for page in pages for one in page["StackResourceSummaries"]):
        if resource["ResourceType"] != "AWS::S3::Bucket" or resource["ResourceStatus"].startswith("DELETE"):
            continue
        bucket = resource["PhysicalResourceId"]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            objects = [
                {"Key": one["Key"], "VersionId": one["VersionId"]}
                for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
            ]
            if objects:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
