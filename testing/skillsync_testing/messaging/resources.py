"""The messaging of one run: made from `infra/templates/messaging.yaml` under a name of its own, removed afterwards."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from skillsync import stacks, templates
from skillsync_testing.messaging.by_hand import make_by_hand
from skillsync_testing.messaging.endpoint import Endpoint
from skillsync_testing.messaging.producer import assume_producer, producers, remove_producer
from skillsync_testing.system import eventually

__all__ = ["CONSUMERS", "ConsumerQueue", "Messaging", "left_over", "made", "made_by_hand", "named"]

CONSUMERS = ("User", "Transaction", "Notification", "Analytics")
# Small, so that the suite need not wait long for what comes back.
VISIBILITY_TIMEOUT_SECONDS = 3
MAX_RECEIVE_COUNT = 3
# An emulator makes the stack in a second or two, or never.
_STACK_SECONDS = {True: 900.0, False: 30.0}
# AWS lists a queue for up to a minute after its deletion.
_GONE_SECONDS = 120.0


@dataclass(frozen=True)
class ConsumerQueue:
    """One consumer's queue, its DLQ, and the event types that its subscription lets through."""

    url: str
    dlq_url: str
    dlq_arn: str
    types: frozenset[str]


@dataclass(frozen=True)
class Messaging:
    """What was made. `producer` are credentials that may publish, as AWS's variables; none where there are no roles."""

    env_name: str
    by_stack: bool
    topic_arn: str
    queues: Mapping[str, ConsumerQueue]
    producer: Mapping[str, str] = field(default_factory=dict, repr=False)
    visibility_timeout_seconds: int = VISIBILITY_TIMEOUT_SECONDS
    max_receive_count: int = MAX_RECEIVE_COUNT


@contextmanager
def made(endpoint: Endpoint) -> Iterator[Messaging]:
    """Make it, by CloudFormation where the endpoint's can, else by hand; remove it, and check that nothing is left."""
    with named(endpoint) as env_name:
        by_stack = made_by_stack(endpoint, env_name)
        if by_stack is not None:
            yield _with_producer(endpoint, by_stack)
            return
    # Another name: one just deleted is not to be had again for a minute.
    with named(endpoint) as env_name:
        yield _with_producer(endpoint, made_by_hand(endpoint, env_name))


def made_by_stack(endpoint: Endpoint, env_name: str) -> Messaging | None:
    """The messaging as CloudFormation makes it; None, and said so, on an endpoint whose CloudFormation cannot."""
    env = _environment(endpoint, env_name)
    stack = stacks.find_stack(env, "messaging")
    try:
        outputs = stacks.deploy(
            endpoint.client("cloudformation"),
            stack.stack_name,
            stack.body,
            stacks.wire(stack, env, {}),
            {"app": "skillsync-messaging-suite"},
            deadline_seconds=_STACK_SECONDS[endpoint.is_aws],
        )
        return _messaging(env, outputs, by_stack=True)
    except (stacks.StackError, KeyError) as error:
        endpoint.lacks("the stack by CloudFormation; made from the same template by hand", error)
        return None


def made_by_hand(endpoint: Endpoint, env_name: str) -> Messaging:
    """The messaging as plain SNS and SQS calls make it."""
    env = _environment(endpoint, env_name)
    outputs = make_by_hand(env, endpoint.client("sns"), endpoint.client("sqs"))
    return _messaging(env, outputs, by_stack=False)


def left_over(endpoint: Endpoint, env_name: str) -> dict[str, list[str]]:
    """Everything of this name that the endpoint still has, by kind; {} when nothing is left."""
    sqs, sns = endpoint.client("sqs"), endpoint.client("sns")
    prefix = f":{env_name}-"
    topics = [t["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for t in page["Topics"]]
    pages = sns.get_paginator("list_subscriptions").paginate()
    subscriptions = [s["SubscriptionArn"] for page in pages for s in page["Subscriptions"]]
    found = {
        "roles": producers(endpoint, env_name),
        "stacks": _stacks(endpoint, env_name),
        "subscriptions": [arn for arn in subscriptions if prefix in arn],
        "topics": [arn for arn in topics if prefix in arn],
        "queues": sqs.list_queues(QueueNamePrefix=f"{env_name}-").get("QueueUrls", []),
    }
    return {kind: items for kind, items in found.items() if items}


@contextmanager
def named(endpoint: Endpoint) -> Iterator[str]:
    """A name for what is made inside; all of that name is gone afterwards, whatever happened."""
    env_name = f"msg-{secrets.token_hex(4)}"
    try:
        yield env_name
    finally:
        _remove(endpoint, env_name)
        eventually(
            lambda: not left_over(endpoint, env_name), seconds=_GONE_SECONDS, what=f"{env_name} is gone without a trace"
        )


def _remove(endpoint: Endpoint, env_name: str) -> None:
    remove_producer(endpoint, env_name)
    cloudformation = endpoint.client("cloudformation")
    for stack_name in _stacks(endpoint, env_name):
        cloudformation.delete_stack(StackName=stack_name)
        patience = {"Delay": 1, "MaxAttempts": int(_STACK_SECONDS[endpoint.is_aws])}
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack_name, WaiterConfig=patience)
    # What no stack holds: everything where there are none, and the queues that tests make themselves.
    left, sns, sqs = left_over(endpoint, env_name), endpoint.client("sns"), endpoint.client("sqs")
    for arn in left.get("subscriptions", []):
        sns.unsubscribe(SubscriptionArn=arn)
    for arn in left.get("topics", []):
        sns.delete_topic(TopicArn=arn)
    for url in left.get("queues", []):
        # AWS still lists what has just been deleted.
        with suppress(sqs.exceptions.QueueDoesNotExist):
            sqs.delete_queue(QueueUrl=url)


def _stacks(endpoint: Endpoint, env_name: str) -> list[str]:
    try:
        pages = endpoint.client("cloudformation").get_paginator("describe_stacks").paginate()
        names = [stack["StackName"] for page in pages for stack in page["Stacks"]]
    except (ClientError, BotoCoreError):
        if endpoint.is_aws:
            raise
        return []
    return [name for name in names if name.startswith(f"skillsync-{env_name}-")]


def _environment(endpoint: Endpoint, env_name: str) -> stacks.Environment:
    """The sizes of the laptop's environment, but for what the suite wants small."""
    local = stacks.environment("local")
    sizes = {
        "EnvName": env_name,
        "VisibilityTimeout": str(VISIBILITY_TIMEOUT_SECONDS),
        "MaxReceiveCount": str(MAX_RECEIVE_COUNT),
    }
    region = endpoint.client("sns").meta.region_name
    return replace(local, name=env_name, region=region, parameters={**local.parameters, **sizes})


def _messaging(env: stacks.Environment, outputs: Mapping[str, str], *, by_stack: bool) -> Messaging:
    stack = stacks.find_stack(env, "messaging")
    resources: Any = templates.render(templates.load(stack.template), stacks.wire(stack, env, {}))["Resources"]
    queues = {
        name: ConsumerQueue(
            outputs[f"{name}QueueUrl"],
            outputs[f"{name}DlqUrl"],
            outputs[f"{name}DlqArn"],
            frozenset(resources[f"{name}Subscription"]["Properties"]["FilterPolicy"]["type"]),
        )
        for name in CONSUMERS
    }
    return Messaging(env.name, by_stack, outputs["TransactionEventsTopicArn"], queues)


def _with_producer(endpoint: Endpoint, messaging: Messaging) -> Messaging:
    producer = assume_producer(endpoint, messaging.env_name, messaging.topic_arn)
    return replace(messaging, producer=producer)
