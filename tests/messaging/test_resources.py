"""The suite's own resources: the same by hand as by the stack, and gone afterwards, whatever happened."""

import json
import re
from typing import Any

import pytest

from skillsync_testing.messaging import Endpoint, Messaging, left_over, made_by_hand, named
from skillsync_testing.messaging.producer import assume_producer

QUEUE_ATTRIBUTES = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "Policy",
)
SUBSCRIPTION_ATTRIBUTES = ("RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy")


def as_made(endpoint: Endpoint, messaging: Messaging) -> dict[str, Any]:
    """Every attribute of queues, topic and subscriptions that the template writes; `NAME` where the run's name is."""
    sqs, sns = endpoint.client("sqs"), endpoint.client("sns")
    found: dict[str, Any] = {}
    for url in sqs.list_queues(QueueNamePrefix=messaging.env_name)["QueueUrls"]:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        found[url.rpartition("/")[2]] = {name: attributes.get(name) for name in QUEUE_ATTRIBUTES}
    topic = sns.get_topic_attributes(TopicArn=messaging.topic_arn)["Attributes"]
    found["topic"] = {"Policy": topic["Policy"]}
    for each in sns.list_subscriptions_by_topic(TopicArn=messaging.topic_arn)["Subscriptions"]:
        attributes = sns.get_subscription_attributes(SubscriptionArn=each["SubscriptionArn"])["Attributes"]
        found[each["Endpoint"]] = {name: attributes.get(name) for name in SUBSCRIPTION_ATTRIBUTES}
    plain = {place: {name: _parsed(value) for name, value in attributes.items()} for place, attributes in found.items()}
    renamed: dict[str, Any] = json.loads(re.sub(messaging.env_name, "NAME", json.dumps(plain)))
    return renamed


def _parsed(value: str | None) -> Any:
    return json.loads(value, parse_int=str) if value and value[0] in '{["' else value


def test_by_hand_everything_is_as_the_stack_makes_it(endpoint: Endpoint, messaging: Messaging) -> None:
    if not messaging.by_stack:
        pytest.skip("no stack to compare with")
    with named(endpoint) as other:
        by_hand = as_made(endpoint, made_by_hand(endpoint, other))
    by_stack = {name: made for name, made in as_made(endpoint, messaging).items() if "patient" not in name}
    assert len(by_hand) == 20
    assert by_hand == by_stack


def test_after_a_failure_nothing_is_left(endpoint: Endpoint) -> None:
    sqs, sns = endpoint.client("sqs"), endpoint.client("sns")

    def fail(env_name: str) -> None:
        url = sqs.create_queue(QueueName=f"{env_name}-queue")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = sns.create_topic(Name=f"{env_name}-topic")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        assume_producer(endpoint, env_name, topic)
        assert left_over(endpoint, env_name).keys() >= {"topics", "queues", "subscriptions"}
        raise LookupError("a test fails")

    with pytest.raises(LookupError), named(endpoint) as env_name:
        fail(env_name)
    assert left_over(endpoint, env_name) == {}
