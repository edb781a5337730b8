"""The templates on the emulator, deployed as `make up` and `skillsync deploy` deploy them."""

import base64
import json
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from skillsync import stacks, templates
from skillsync_testing import Emulator
from skillsync_testing.guarded import GuardedEmulator
from skillsync_testing.plugin import run

Account = Callable[[str], Any]
LOCAL = stacks.environment("local")
MESSAGING, IDENTITY = stacks.plan(LOCAL)
QUEUES = ("User", "Transaction", "Notification", "Analytics")
TAGS = {"app": "skillsync"}
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}


def publish(sns: Any, topic: str, event_type: str) -> None:
    attributes = {"type": {"DataType": "String", "StringValue": event_type}}
    sns.publish(TopicArn=topic, Message=json.dumps({"type": event_type}), MessageAttributes=attributes)


def receive_all(sqs: Any, url: str) -> list[str]:
    """Take every message out of a queue. On the emulator a publish has reached the queues when it answers."""
    bodies: list[str] = []
    while True:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages", [])
        if not got:
            return bodies
        for message in got:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def catalogue() -> dict[str, set[str]]:
    """Each event type that a filter of the template lists, with the queues that get it."""
    found: dict[str, set[str]] = {}
    for name in QUEUES:
        resource = templates.load(MESSAGING.template)["Resources"][f"{name}Subscription"]
        for event_type in resource["Properties"]["FilterPolicy"]["type"]:
            found.setdefault(event_type, set()).add(name)
    return found


def left_over(account: Account) -> dict[str, Any]:
    """Everything of ours that an account still has; keys count until their deletion is scheduled."""
    kms = account("kms")
    states = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] for key in kms.list_keys()["Keys"]]
    found = {
        "stacks": [stack["StackName"] for stack in account("cloudformation").describe_stacks()["Stacks"]],
        "queues": account("sqs").list_queues().get("QueueUrls", []),
        "topics": account("sns").list_topics()["Topics"],
        "subscriptions": account("sns").list_subscriptions()["Subscriptions"],
        "alarms": account("cloudwatch").describe_alarms()["MetricAlarms"],
        "pools": account("cognito-idp").list_user_pools(MaxResults=10)["UserPools"],
        "secrets": account("secretsmanager").list_secrets()["SecretList"],
        "senders": account("sesv2").list_email_identities()["EmailIdentities"],
        "mail configurations": account("sesv2").list_configuration_sets().get("ConfigurationSets", []),
        "keys": [state for state in states if state != "PendingDeletion"],
        "key names": account("kms").list_aliases()["Aliases"],
    }
    return {name: items for name, items in found.items() if items}


def test_the_stacks_of_the_laptop_come_up_as_written_and_go_without_a_trace(account: Account) -> None:
    assert left_over(account) == {}
    client = account("cloudformation")
    started: list[str] = []
    outputs = stacks.deploy_all(client, LOCAL, TAGS, lambda stack: started.append(stack.name))
    assert started == ["messaging", "identity"]
    assert outputs["TransactionEventsTopicArn"].endswith(":local-transaction-events")
    assert outputs["WorkerSecretArn"].startswith("arn:aws:secretsmanager:")
    for stack in (MESSAGING, IDENTITY):
        # The bytes that were sent, comments and all.
        body = client.get_template(StackName=stack.stack_name)["TemplateBody"]
        assert body.encode() == stack.template.read_bytes()
        described = client.describe_stacks(StackName=stack.stack_name)["Stacks"][0]
        assert {"Key": "app", "Value": "skillsync"} in described["Tags"]

    for stack in (IDENTITY, MESSAGING):
        stacks.delete(client, stack.stack_name)
    assert left_over(account) == {}


def test_a_second_deployment_of_the_same_touches_nothing(account: Account) -> None:
    client = account("cloudformation")

    def history() -> list[str]:
        return [
            event["EventId"]
            for stack in (MESSAGING, IDENTITY)
            for page in client.get_paginator("describe_stack_events").paginate(StackName=stack.stack_name)
            for event in page["StackEvents"]
        ]

    first = stacks.deploy_all(client, LOCAL, TAGS)
    before = history()
    assert len(before) > 50
    assert stacks.deploy_all(client, LOCAL, TAGS) == first
    assert history() == before
    for stack in (MESSAGING, IDENTITY):
        summaries = client.list_change_sets(StackName=stack.stack_name)["Summaries"]
        assert [each for each in summaries if each["Status"] == "FAILED"] == []


def test_a_changed_parameter_is_an_update_in_place(account: Account) -> None:
    client, sqs = account("cloudformation"), account("sqs")
    outputs = stacks.deploy(client, MESSAGING.stack_name, MESSAGING.body, stacks.wire(MESSAGING, LOCAL, {}), TAGS)
    publish(account("sns"), outputs["TransactionEventsTopicArn"], "user.created.v1")
    other = replace(LOCAL, parameters={**LOCAL.parameters, "MaxReceiveCount": "2"})
    changed = stacks.deploy(client, MESSAGING.stack_name, MESSAGING.body, stacks.wire(MESSAGING, other, {}), TAGS)
    assert changed == outputs
    for name in QUEUES:
        attributes = sqs.get_queue_attributes(QueueUrl=outputs[f"{name}QueueUrl"], AttributeNames=["RedrivePolicy"])
        policy = json.loads(attributes["Attributes"]["RedrivePolicy"])
        assert int(policy["maxReceiveCount"]) == 2
        assert policy["deadLetterTargetArn"] == outputs[f"{name}DlqArn"]
    assert receive_all(sqs, outputs["AnalyticsQueueUrl"]) == ['{"type": "user.created.v1"}']


def test_each_event_reaches_its_queues_unwrapped_and_no_other(account: Account) -> None:
    sns, sqs = account("sns"), account("sqs")
    outputs = stacks.deploy_all(account("cloudformation"), LOCAL)
    types = catalogue()
    assert len(types) == 23
    for event_type in [*types, "transaction.accepted", "transaction.accepted.v2", "stranger.v1"]:
        publish(sns, outputs["TransactionEventsTopicArn"], event_type)
    sns.publish(TopicArn=outputs["TransactionEventsTopicArn"], Message='{"type": "user.created.v1"}')  # no attribute
    for name in QUEUES:
        got = [json.loads(body)["type"] for body in receive_all(sqs, outputs[f"{name}QueueUrl"])]
        assert sorted(got) == sorted(event_type for event_type, queues in types.items() if name in queues)
        assert receive_all(sqs, outputs[f"{name}DlqUrl"]) == []


def test_a_message_that_nobody_can_read_ends_in_the_dlq_after_so_many_receives(account: Account) -> None:
    sqs = account("sqs")
    outputs = stacks.deploy_all(account("cloudformation"), LOCAL)
    publish(account("sns"), outputs["TransactionEventsTopicArn"], "account.soft_limit_crossed.v1")
    queue, dlq = outputs["NotificationQueueUrl"], outputs["NotificationDlqUrl"]
    counts = []
    for _ in range(7):
        got = sqs.receive_message(
            QueueUrl=queue,
            VisibilityTimeout=0,
            WaitTimeSeconds=0,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        ).get("Messages", [])
        counts += [int(message["Attributes"]["ApproximateReceiveCount"]) for message in got]
    assert counts == [1, 2, 3, 4, 5]
    assert receive_all(sqs, dlq) == ['{"type": "account.soft_limit_crossed.v1"}']


@pytest.fixture
def pool(emulator: Emulator) -> Iterator[dict[str, str]]:
    """The outputs of an identity stack in the account that unsigned calls, as sign-up is one, belong to."""
    env = stacks.environment("dev-identity")
    stack = stacks.find_stack(env, "identity")
    client = aws(emulator, "cloudformation")
    try:
        feedback = aws(emulator, "sns").create_topic(Name="dev-identity-feedback")["TopicArn"]
        wired = stacks.wire(stack, env, {"MailFeedbackTopicArn": feedback})
        yield stacks.deploy(client, stack.stack_name, stack.body, wired)
    finally:
        stacks.delete(client, stack.stack_name)
        aws(emulator, "sns").delete_topic(TopicArn=feedback)


def test_a_worker_gets_a_token_by_its_secret(pool: dict[str, str], emulator: Emulator) -> None:
    secret = aws(emulator, "secretsmanager").get_secret_value(SecretId=pool["WorkerSecretArn"])["SecretString"]
    basic = base64.b64encode(f"{pool['WorkerClientId']}:{secret}".encode()).decode()
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "skillsync/users.contact"})
    request = urllib.request.Request(  # noqa: S310 - the emulator
        f"{emulator.endpoint_url}/oauth2/token", data=form.encode(), headers={"Authorization": f"Basic {basic}"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        token = json.load(answer)["access_token"]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["scope"], claims["token_use"]) == ("skillsync/users.contact", "access")
    assert (claims["iss"], claims["client_id"]) == (pool["UserPoolIssuer"], pool["WorkerClientId"])
    assert claims["exp"] - claims["iat"] == 3600


def test_a_person_signs_up_once_per_address_and_in_by_password(pool: dict[str, str], emulator: Emulator) -> None:
    # In one spelling: the emulator does not know UsernameConfiguration.CaseSensitive.
    client, web = aws(emulator, "cognito-idp"), pool["WebClientId"]
    client.sign_up(ClientId=web, Username="ada@people.example", Password="Correct-horse-7")  # noqa: S106
    client.confirm_sign_up(ClientId=web, Username="ada@people.example", ConfirmationCode="123456")
    signed_in = client.initiate_auth(
        ClientId=web,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada@people.example", "PASSWORD": "Correct-horse-7"},
    )["AuthenticationResult"]
    assert signed_in["ExpiresIn"] == 3600
    with pytest.raises(ClientError, match="UsernameExistsException"):
        client.sign_up(ClientId=web, Username="ada@people.example", Password="Correct-horse-7")  # noqa: S106


def test_mail_goes_out_from_the_sender_and_from_nobody_else(account: Account) -> None:
    outputs = stacks.deploy_all(account("cloudformation"), LOCAL)
    mail = account("sesv2")

    def send(sender: str) -> Any:
        return mail.send_email(
            FromEmailAddress=sender,
            Destination={"ToAddresses": ["ada@people.example"]},
            ConfigurationSetName=outputs["MailConfigurationName"],
            Content={"Simple": {"Subject": {"Data": "Welcome"}, "Body": {"Text": {"Data": "Hello"}}}},
        )

    assert send(outputs["SenderAddress"])["MessageId"]
    with pytest.raises(ClientError, match="not verified"):
        send("no-reply@elsewhere.example")


FAULTY = """
Parameters: {Period: {Type: String}}
Resources:
  Sound: {Type: AWS::SNS::Topic}
  Queue:
    Type: AWS::SQS::Queue
    DependsOn: Sound
    Properties: {QueueName: faulty, MessageRetentionPeriod: !Ref Period}
  Later: {Type: AWS::SNS::Topic, DependsOn: Queue}
"""


def test_a_failed_creation_names_the_first_resource_and_does_not_block_the_next(account: Account) -> None:
    client = account("cloudformation")
    with pytest.raises(stacks.StackError, match=r"^faulty: Queue \(AWS::SQS::Queue\): .*MessageRetentionPeriod") as one:
        stacks.deploy(client, "faulty", FAULTY, {"Period": "1"})
    assert "\n" not in str(one.value)
    assert client.describe_stacks(StackName="faulty")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    stacks.deploy(client, "faulty", FAULTY, {"Period": "60"})
    with pytest.raises(stacks.StackError, match=r"^faulty: Queue \(AWS::SQS::Queue\)"):
        stacks.deploy(client, "faulty", FAULTY, {"Period": "1"})
    assert client.describe_stacks(StackName="faulty")["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.deploy(client, "faulty", FAULTY, {"Period": "61"}) == {}


def test_a_template_that_is_refused_leaves_no_empty_stack(account: Account) -> None:
    client = account("cloudformation")
    with pytest.raises(stacks.StackError, match=r"^refused: .*AWS::No::Such"):
        stacks.deploy(client, "refused", "Resources: {X: {Type: AWS::No::Such}}", {})
    assert left_over(account) == {}


def test_where_data_is_to_stay_it_outlives_the_stack_with_its_key(account: Account) -> None:
    client = account("cloudformation")
    keeping = replace(LOCAL, parameters={**LOCAL.parameters, "RetainData": "true"})
    stacks.deploy_all(client, keeping)
    for stack in (IDENTITY, MESSAGING):
        stacks.delete(client, stack.stack_name)
    left = left_over(account)
    assert {url.rsplit("/", 1)[1] for url in left.pop("queues")} == {
        f"local-{queue.lower()}-{kind}" for queue in (*QUEUES, "feedback") for kind in ("dlq", "subscription-dlq")
    }
    assert len(left.pop("pools")) == len(left.pop("keys")) == 1
    assert left == {}


def aws(server: Emulator, service: str) -> Any:
    """A client of the emulator, in the account that calls without a signature are of."""
    return boto3.client(service, endpoint_url=server.endpoint_url, **CREDENTIALS)  # type: ignore[call-overload]


@pytest.fixture
def guarded() -> Iterator[GuardedEmulator]:
    yield from run(GuardedEmulator)


def test_only_the_roles_of_the_producers_may_publish(guarded: GuardedEmulator) -> None:
    outputs = stacks.deploy(
        guarded.client("cloudformation"), MESSAGING.stack_name, MESSAGING.body, stacks.wire(MESSAGING, LOCAL, {})
    )
    topic = outputs["TransactionEventsTopicArn"]
    trust = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}

    def may_publish(role: str) -> bool:
        """Try it as a role whose own policy allows it, so that the topic's policy decides."""
        iam = guarded.client("iam")
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
        iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=json.dumps({"Statement": [rights]}))
        session = guarded.client("sts").assume_role(RoleArn=arn, RoleSessionName="trial")["Credentials"]
        try:
            publish(guarded.client("sns", session), topic, "user.created.v1")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AuthorizationError"  # noqa: PT017 - any other is a fault
            return False
        return True

    allowed = {f"local-{service}-task" for service in ("users", "transactions", "notifications")}
    refused = {"local-analytics-task", "prod-users-task", "local-users-task-2", "administrator"}
    assert {role for role in sorted(allowed | refused) if may_publish(role)} == allowed
    with pytest.raises(ClientError, match="not authorized"):  # the account's own root
        publish(guarded.client("sns"), topic, "user.created.v1")
