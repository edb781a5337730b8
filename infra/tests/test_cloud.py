"""Every stack of an environment that an emulator can take: made, changed, sent back when a change fails, deleted; and
what the role of each process may do, with the emulator's guards up.

The emulator has no Fargate, MySQL, Valkey or CloudFront: of these it keeps entries. It takes no metric math, no
scaling, no NAT, no VPC link and no rotation: `Emulated` and `UpstreamMode` leave those out.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from skillsync import stacks
from skillsync_testing.guarded import GuardedEmulator, is_refused
from skillsync_testing.plugin import run

from .conftest import STAND_INS
from .test_deployment import left_over

Account = Callable[[str], Any]

ENVIRONMENT = stacks.environment("dev-try")
SERVICES = ("users", "transactions", "notifications", "analytics")
IMAGES = {name: value for name, value in STAND_INS.items() if name.endswith("Image") and name != "CollectorImage"}
PRODUCERS = {f"{service}{role}" for service in SERVICES[:3] for role in ("", "-worker")}
PROCESSES = (*(f"{service}{role}" for service in SERVICES for role in ("", "-worker", "-migrate")), "operations")
QUEUES = ("User", "Transaction", "Notification", "Feedback", "Analytics")


def everything(client: Any) -> dict[str, str]:
    """Make every stack as a deployment would; return all outputs."""
    known = dict(IMAGES)
    for stack in stacks.plan(ENVIRONMENT):
        known |= stacks.deploy(client, stack.stack_name, stack.body, stacks.wire(stack, ENVIRONMENT, known))
    return known


def with_resource(body: str, resource: str) -> str:
    """The template with one resource more."""
    return body.replace("\nResources:\n", f"\nResources:\n  {resource}\n", 1)


@pytest.mark.timeout(600)
def test_a_whole_environment_comes_up_and_goes_without_a_trace(account: Account) -> None:
    client = account("cloudformation")
    outputs = everything(client)
    assert json.loads(outputs["AllQueues"])["user"]["dlq_url"] == outputs["UserDlqUrl"]
    roles = {role["RoleName"] for role in account("iam").list_roles()["Roles"]}
    assert {f"dev-try-{process}-task" for process in PROCESSES} <= roles
    for stack in reversed(stacks.plan(ENVIRONMENT)):
        stacks.delete(client, stack.stack_name)
    assert left_over(account) == {}


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_each_stack_is_changed_and_sent_back_when_a_change_fails(account: Account) -> None:
    client = account("cloudformation")
    known = everything(client)
    for stack in stacks.plan(ENVIRONMENT):
        wired = stacks.wire(stack, ENVIRONMENT, known)
        name = stack.stack_name

        def resources(name: str = name) -> dict[str, str]:
            found = client.describe_stack_resources(StackName=name)["StackResources"]
            return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}

        before = resources()
        added = "Trial: {Type: AWS::SNS::Topic}"
        stacks.deploy(client, name, with_resource(stack.body, added), wired)
        assert resources().keys() - before.keys() == {"Trial"}
        stacks.deploy(client, name, stack.body, wired)
        assert resources() == before
        faulty = "Faulty: {Type: AWS::SQS::Queue, Properties: {MessageRetentionPeriod: 1}}"
        with pytest.raises(stacks.StackError, match=rf"^{name}: Faulty \(AWS::SQS::Queue\)"):
            stacks.deploy(client, name, with_resource(stack.body, faulty), wired)
        assert client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert resources() == before


@pytest.fixture
def guarded() -> Iterator[GuardedEmulator]:
    yield from run(GuardedEmulator)


def refuses(call: Callable[[], Any]) -> bool:
    """Whether the call is not allowed; one that is allowed and then fails for its content was let through."""
    try:
        call()
    except ClientError as error:
        return is_refused(error)
    return False


@pytest.mark.timeout(600)
def test_each_process_may_do_what_it_needs_and_nothing_else(guarded: GuardedEmulator) -> None:
    outputs = everything(guarded.client("cloudformation"))
    live = {queue: outputs[f"{queue}QueueUrl"] for queue in QUEUES}
    dead = {f"{queue} DLQ": outputs[f"{queue}DlqUrl"] for queue in QUEUES}
    lost = {f"{queue} subscription's DLQ": outputs[f"{queue}SubscriptionDlqUrl"] for queue in QUEUES}
    pool = outputs["UserPoolId"]
    secret, other = outputs["WorkerSecretArn"], outputs["UsersDatabaseSecretArn"]
    own_queues = {
        "users-worker": {"User"},
        "transactions-worker": {"Transaction"},
        "notifications-worker": {"Notification", "Feedback"},
        "analytics-worker": {"Analytics"},
    }

    def calls(of: Callable[[str], Any]) -> dict[str, Callable[[], Any]]:
        sqs, sns = of("sqs"), of("sns")
        found: dict[str, Callable[[], Any]] = {
            "publish": lambda: sns.publish(TopicArn=outputs["TransactionEventsTopicArn"], Message="{}"),
            "publish alarms": lambda: sns.publish(TopicArn=outputs["OpsAlarmsTopicArn"], Message="{}"),
            "read the worker's secret": lambda: of("secretsmanager").get_secret_value(SecretId=secret),
            "read a database's secret": lambda: of("secretsmanager").get_secret_value(SecretId=other),
            "list coordinators": lambda: of("cognito-idp").list_users_in_group(
                UserPoolId=pool, GroupName="coordinator"
            ),
            "delete a person": lambda: of("cognito-idp").admin_delete_user(UserPoolId=pool, Username="nobody"),
            "make a person": lambda: of("cognito-idp").admin_create_user(UserPoolId=pool, Username="a@b.example"),
            "read the mail quota": lambda: of("sesv2").get_account(),
            "make a role": lambda: of("iam").create_role(RoleName="more", AssumeRolePolicyDocument="{}"),
        }
        for queue, url in (live | dead | lost).items():
            found[f"count {queue}"] = partial(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["QueueArn"])
            found[f"receive {queue}"] = partial(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=0)
            found[f"delete {queue}"] = partial(sqs.delete_message, QueueUrl=url, ReceiptHandle="none")
            found[f"hide {queue}"] = partial(
                sqs.change_message_visibility, QueueUrl=url, ReceiptHandle="none", VisibilityTimeout=1
            )
            found[f"send {queue}"] = partial(sqs.send_message, QueueUrl=url, MessageBody="{}")
            found[f"purge {queue}"] = partial(sqs.purge_queue, QueueUrl=url)
        return found

    def expected(process: str) -> set[str]:
        drain = ("receive", "delete", "hide", "count")
        may = {f"{verb} {queue}" for queue in own_queues.get(process, ()) for verb in drain}
        if process == "operations":
            may |= {f"{verb} {queue}" for queue in (*dead, *lost) for verb in drain}
            may |= {f"{verb} {queue}" for queue in live for verb in ("send", "count")}
        may |= {"publish"} if process in PRODUCERS else set()
        if process in ("users-worker", "notifications-worker", "analytics-worker", "operations"):
            may.add("read the worker's secret")
        if process == "users-worker":
            may.add("delete a person")
        if process == "notifications-worker":
            may |= {"list coordinators", "read the mail quota"}
        return may

    iam, sts = guarded.client("iam"), guarded.client("sts")
    seen, wanted = {}, {}
    for process in PROCESSES:
        name = f"dev-try-{process}-task"
        with pytest.raises(ClientError, match="AccessDenied"):
            sts.assume_role(RoleArn=iam.get_role(RoleName=name)["Role"]["Arn"], RoleSessionName="trial")
        session = guarded.assume(name)
        clients: dict[str, Any] = {}

        def of(service: str, session: Any = session, clients: dict[str, Any] = clients) -> Any:
            return clients.setdefault(service, guarded.client(service, session))

        seen[process] = {what for what, call in calls(of).items() if not refuses(call)}
        wanted[process] = expected(process)
    assert seen == wanted


def test_an_operator_sees_every_queue_and_handles_dead_letters_alone(guarded: GuardedEmulator) -> None:
    stack = stacks.find_stack(ENVIRONMENT, "messaging")
    outputs = stacks.deploy(
        guarded.client("cloudformation"), stack.stack_name, stack.body, stacks.wire(stack, ENVIRONMENT, {})
    )
    session = guarded.assume("dev-try-operator")
    sqs, sns = guarded.client("sqs", session), guarded.client("sns", session)
    for queue in QUEUES:
        live, dead = outputs[f"{queue}QueueUrl"], outputs[f"{queue}DlqUrl"]
        for url in (live, dead, outputs[f"{queue}SubscriptionDlqUrl"]):
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        sqs.send_message(QueueUrl=live, MessageBody="{}")
        sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=0)
        refused: tuple[Callable[[], Any], ...] = (
            partial(sqs.receive_message, QueueUrl=live, WaitTimeSeconds=0),
            partial(sqs.purge_queue, QueueUrl=live),
            partial(sqs.purge_queue, QueueUrl=dead),
            partial(sqs.delete_queue, QueueUrl=dead),
        )
        assert all(refuses(call) for call in refused)
    assert refuses(lambda: sns.publish(TopicArn=outputs["TransactionEventsTopicArn"], Message="{}"))
    cloudformation = guarded.client("cloudformation", session)
    assert stacks.find_outputs(cloudformation, stack.stack_name) == outputs
    assert refuses(lambda: cloudformation.describe_stacks(StackName="skillsync-dev-try-identity"))
    assert refuses(lambda: cloudformation.delete_stack(StackName=stack.stack_name))
