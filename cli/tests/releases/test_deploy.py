"""`skillsync deploy`, `rollback`, `releases` and `destroy`, through CloudFormation on the emulator."""

import json
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.releases.conftest import Checkout, Client, Run

STACKS = ("skillsync-dev-try-base", "skillsync-dev-try-jobs", "skillsync-dev-try-top")


@pytest.fixture
def tasks(account: "Client") -> Iterator[list[dict[str, Any]]]:
    """The tasks that were run. On the emulator none does anything, so each is ended here, with 0."""
    ecs, found, over = account("ecs"), [], threading.Event()

    def end_them() -> None:
        while not over.wait(0.02):
            if not any(arn.endswith("/dev-try") for arn in ecs.list_clusters()["clusterArns"]):
                continue
            for arn in ecs.list_tasks(cluster="dev-try")["taskArns"]:
                found.append(ecs.describe_tasks(cluster="dev-try", tasks=[arn])["tasks"][0])
                ecs.stop_task(cluster="dev-try", task=arn)

    thread = threading.Thread(target=end_them)
    thread.start()
    yield found
    over.set()
    thread.join()


def push(account: "Client", tag: str) -> str:
    """Put an image into the registry under this tag; its digest."""
    manifest = json.dumps({"schemaVersion": 2, "tag": tag})
    made = account("ecr").put_image(repositoryName="dev-try-users", imageManifest=manifest, imageTag=tag)
    return str(made["image"]["imageId"]["imageDigest"])


def statuses(account: "Client") -> dict[str, str]:
    found = account("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in found}


def tag_of(account: "Client", stack: str) -> str:
    tags = account("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Tags"]
    return next(str(tag["Value"]) for tag in tags if tag["Key"] == "release")


def image_of(account: "Client") -> str:
    definition = account("ecs").describe_task_definition(taskDefinition="dev-try-job")["taskDefinition"]
    return str(definition["containerDefinitions"][0]["image"])


def retention(account: "Client") -> str:
    resources = account("cloudformation").describe_stack_resources(StackName=STACKS[0])["StackResources"]
    url = next(one["PhysicalResourceId"] for one in resources if one["LogicalResourceId"] == "Queue")
    name = "MessageRetentionPeriod"
    return str(account("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


@pytest.mark.timeout(300)  # some twenty commands
def test_an_environment_from_nothing_to_a_failed_release_and_back_to_nothing(  # noqa: PLR0915 - one life
    checkout: "Checkout", account: "Client", run: "Run", tasks: list[dict[str, Any]]
) -> None:
    # A plan of nothing, by change set where that can be, and leaving nothing.
    planned = run("deploy", "dev-try", "--plan")
    assert planned.status == 0, planned.err
    assert "base new\n  + Cluster AWS::ECS::Cluster" in planned.out
    assert "jobs new; read from its template, for it waits for Image\n" in planned.out
    assert "6 to add, 0 to modify, 0 to remove. Nothing was changed." in planned.out
    assert statuses(account) == {}

    # The first deployment makes the registry, and says that its image is missing.
    first = run("deploy", "dev-try")
    assert first.status == 1
    assert "✓ Queue AWS::SQS::Queue create complete" in first.out
    assert "skillsync: release v1: the registry dev-try-users has no image of that tag: build and push it" in first.err
    assert list(statuses(account)) == [STACKS[0]]

    digest = push(account, "v1")
    assert run("deploy", "dev-try").status == 0
    assert statuses(account) == dict.fromkeys(STACKS, "CREATE_COMPLETE")
    assert image_of(account).endswith(f"dev-try-users@{digest}")
    assert [task["startedBy"].partition("-")[0] for task in tasks] == ["skillsync"]

    # An update: only what changes moves, and is tagged.
    checkout.change("environments.yaml", "Days: 1", "Days: 2")
    checkout.release("v2")
    push(account, "v2")
    planned = run("deploy", "dev-try", "--plan")
    assert "base 1 change\n  ~ Queue AWS::SQS::Queue\n" in planned.out
    assert "top unchanged" in planned.out
    assert retention(account) == "100000"
    updated = run("deploy", "dev-try", "--release", "v2")
    assert updated.status == 0, updated.err
    assert "skillsync-dev-try-top: unchanged" in updated.out
    assert retention(account) == "200000"
    assert [tag_of(account, stack) for stack in STACKS] == ["v2", "v2", "v1"]
    assert len(tasks) == 2

    # A failing update is rolled back, and the first failing resource is named.
    checkout.change("environments.yaml", "Days: 2", "Days: 99")
    checkout.release("v3")
    digest_3 = push(account, "v3")
    failed = run("deploy", "dev-try")
    assert failed.status == 1
    assert "✗ Queue AWS::SQS::Queue update failed: " in failed.out
    assert "skillsync: skillsync-dev-try-base: Queue (AWS::SQS::Queue): " in failed.err
    assert "MessageRetentionPeriod" in failed.err
    assert "`skillsync rollback dev-try`" in failed.err
    assert statuses(account)[STACKS[0]] == "UPDATE_ROLLBACK_COMPLETE"
    assert retention(account) == "200000"
    listed = json.loads(run("releases", "dev-try", "--json").out)["releases"]
    assert [(one["action"], one["release"], one["outcome"], one["runs"]) for one in listed] == [
        ("deploy", "v3", "failed", False),
        ("deploy", "v2", "succeeded", True),
        ("deploy", "v1", "succeeded", False),
        ("deploy", "v1", "failed", False),
    ]
    assert listed[0]["images"] == {"Users": digest_3}
    assert listed[0]["note"].startswith("skillsync-dev-try-base: Queue")
    assert all(one["by"].startswith("arn:aws:") and one["ended_at"] >= one["began_at"] for one in listed)

    # Back to an earlier release: its templates, its parameters, its image, and no task.
    ran = len(tasks)
    assert "~ Queue AWS::SQS::Queue" in run("rollback", "dev-try", "--to", "v1", "--plan").out
    assert run("rollback", "dev-try", "--to", "v1").status == 0
    assert retention(account) == "100000"
    assert image_of(account).endswith(digest)
    assert len(tasks) == ran
    # Without a name: to the one before.
    assert run("rollback", "dev-try").status == 0
    assert retention(account) == "200000"
    table = run("releases", "dev-try").out.splitlines()
    assert table[1].split()[3:6] == ["rollback", "v2", "runs"]

    # Gone, and what it held.
    assert run("destroy", "dev-try").status == 1
    assert len(statuses(account)) == 3
    destroyed = run("destroy", "dev-try", "--yes")
    assert destroyed.status == 0, destroyed.err
    assert destroyed.out.index("dev-try-top: done") < destroyed.out.index("dev-try-base: done")
    assert statuses(account) == {}
    assert "nothing has been deployed" in run("releases", "dev-try").out
