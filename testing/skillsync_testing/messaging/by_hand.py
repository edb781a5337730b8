"""The resources of `messaging.yaml` made by plain SNS and SQS calls, for an endpoint whose CloudFormation cannot.

Every attribute comes from the rendered template, so that its filters and redrive policies are what is tested here too.
Left out are encryption and alarms, which no test of messages can see.
"""

import json
from collections.abc import Iterator
from typing import Any

from skillsync import stacks, templates

__all__ = ["make_by_hand"]

_PLAIN = ("VisibilityTimeout", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds")
_REDRIVE = ("RedrivePolicy", "RedriveAllowPolicy")
Json = dict[str, Any]


def make_by_hand(env: stacks.Environment, sns: Any, sqs: Any) -> dict[str, str]:
    """Make topic, queues, policies and subscriptions; the outputs that the stack would have."""
    stack = stacks.find_stack(env, "messaging")
    template, parameters = templates.load(stack.template), stacks.wire(stack, env, {})
    resources = templates.render(template, parameters, env.region)["Resources"]

    # What refers to nothing first: then every ARN and URL that the rest refers to is known.
    arns, urls = dict[str, str](), dict[str, str]()
    for name, properties in _of_type(resources, "AWS::SNS::Topic"):
        arns[name] = sns.create_topic(Name=properties["TopicName"])["TopicArn"]
    for name, properties in _of_type(resources, "AWS::SQS::Queue"):
        plain = {key: str(properties[key]) for key in _PLAIN if key in properties}
        urls[name] = sqs.create_queue(QueueName=properties["QueueName"], Attributes=plain)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=urls[name], AttributeNames=["QueueArn"])
        arns[name] = found["Attributes"]["QueueArn"]

    def resolve(name: str, attribute: str | None) -> str:
        if attribute == "QueueName":
            return arns[name].rpartition(":")[2]
        return urls[name] if attribute is None and name in urls else arns.get(name, name)

    account = arns["TransactionEvents"].split(":")[4]
    rendered = templates.render(template, parameters, env.region, account, resolve=resolve)
    _apply(rendered["Resources"], sns, sqs, urls)
    return {name: output["Value"] for name, output in rendered["Outputs"].items()}


def _apply(resources: Json, sns: Any, sqs: Any, urls: dict[str, str]) -> None:
    for _, policy in _of_type(resources, "AWS::SQS::QueuePolicy"):
        for url in policy["Queues"]:
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy["PolicyDocument"])})
    for name, properties in _of_type(resources, "AWS::SQS::Queue"):
        redrive = {key: json.dumps(properties[key]) for key in _REDRIVE if key in properties}
        sqs.set_queue_attributes(QueueUrl=urls[name], Attributes=redrive)
    for _, policy in _of_type(resources, "AWS::SNS::TopicPolicy"):
        for arn in policy["Topics"]:
            text = json.dumps(policy["PolicyDocument"])
            sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=text)
    for _, properties in _of_type(resources, "AWS::SNS::Subscription"):
        attributes = {key: _text(value) for key, value in properties.items()}
        arn, protocol, endpoint = (attributes.pop(key) for key in ("TopicArn", "Protocol", "Endpoint"))
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint, Attributes=attributes)


def _of_type(resources: Json, kind: str) -> Iterator[tuple[str, Json]]:
    return ((name, body["Properties"]) for name, body in resources.items() if body["Type"] == kind)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
