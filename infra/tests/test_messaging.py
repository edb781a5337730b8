"""messaging.yaml: who may publish, which event reaches which queue, and where a message goes that nobody can take."""

import math
from collections.abc import Callable
from typing import Any

import pytest

Json = dict[str, Any]
Render = Callable[[str, str], Json]
OfType = Callable[[Json, str], dict[str, Json]]

CONSUMERS = ("User", "Transaction", "Notification", "Analytics")
# What SES tells comes from a topic of its own, and all of it.
QUEUES = (*CONSUMERS, "Feedback")

# The table of events: what is published, and the queues that get it.
CATALOGUE: dict[str, set[str]] = {
    **{
        f"user.{happened}.v1": {"Notification", "Analytics", "Transaction"}
        for happened in ("created", "updated", "suspended", "reinstated", "erased")
    },
    **{
        f"offering.{happened}.v1": {"Analytics", "Notification"}
        for happened in ("published", "changed", "paused", "fulfilled", "expired")
    },
    **{
        f"transaction.{happened}.v1": {"Notification", "Analytics", "User"}
        for happened in ("proposed", "accepted", "finalized")
    },
    **{
        f"transaction.{happened}.v1": {"Notification", "Analytics"}
        for happened in ("revised", "accepted_by", "confirmed", "declined", "cancelled", "expired")
    },
    "account.soft_limit_crossed.v1": {"Notification"},
    **{f"email.{happened}.v1": {"User", "Analytics"} for happened in ("sent", "bounced", "complained")},
}
NOBODYS = ("transaction.accepted", "transaction.accepted.v2", "transaction.accepted.v10", "Transaction.accepted.v1", "")


@pytest.fixture
def template(render: Render, any_environment: str) -> Json:
    return render(any_environment, "messaging")


def attribute(value: Any) -> tuple[str, str]:
    """The resource and attribute of a Ref or GetAtt; Ref counts as the attribute `Ref`."""
    if isinstance(value, dict) and "Ref" in value:
        return value["Ref"], "Ref"
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        return value["Fn::GetAtt"][0], value["Fn::GetAtt"][1]
    return str(value), ""


def name_of(value: Any) -> str:
    return attribute(value)[0]


def names_of(values: Any) -> set[str]:
    return {name_of(value) for value in (values if isinstance(values, list) else [values])}


def violations(template: Json, of_type: OfType) -> list[str]:  # noqa: PLR0912 - one rule after the other
    """Queues without a DLQ, a policy or an alarm, and subscriptions that would lose messages."""
    found = []
    queues = of_type(template, "AWS::SQS::Queue")
    policies = of_type(template, "AWS::SQS::QueuePolicy")
    subscriptions = {
        name: body for name, body in of_type(template, "AWS::SNS::Subscription").items() if body["Protocol"] == "sqs"
    }
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    watched = {
        (name_of(alarm["Dimensions"][0]["Value"]), alarm["MetricName"])
        for alarm in alarms
        if names_of(alarm["AlarmActions"]) == {"OpsAlarms"}
    }
    given_up = {
        name: name_of(body["RedrivePolicy"]["deadLetterTargetArn"])
        for name, body in queues.items()
        if "RedrivePolicy" in body
    }
    undelivered = {
        name: name_of(body["RedrivePolicy"]["deadLetterTargetArn"])
        for name, body in subscriptions.items()
        if "RedrivePolicy" in body
    }
    last_stops = [*given_up.values(), *undelivered.values()]

    for name in queues:
        if name not in last_stops and name not in given_up:
            found.append(f"{name}: no DLQ")
        metric = "ApproximateNumberOfMessagesVisible" if name in last_stops else "ApproximateAgeOfOldestMessage"
        if (name, metric) not in watched:
            found.append(f"{name}: no alarm on {metric}")
        own = [policy for policy in policies.values() if name in names_of(policy["Queues"])]
        if len(own) != 1:
            found.append(f"{name}: {len(own)} queue policies")
        elif not any(is_denial_of_plain_http(each, name) for each in own[0]["PolicyDocument"]["Statement"]):
            found.append(f"{name}: takes requests without TLS")
        if name in last_stops and last_stops.count(name) > 1:
            found.append(f"{name}: shared by several")

    for name, subscription in subscriptions.items():
        if name not in undelivered:
            found.append(f"{name}: no DLQ of its own")
        for queue in {name_of(subscription["Endpoint"]), undelivered.get(name)} - {None}:
            topic = name_of(subscription["TopicArn"])
            if not any(lets_the_topic_send(policy, str(queue), topic) for policy in policies.values()):
                found.append(f"{queue}: SNS may not send to it")
        if subscription.get("RawMessageDelivery") is not True:
            found.append(f"{name}: wraps messages")
        if topic == "MailFeedback":
            continue
        if subscription.get("FilterPolicyScope") != "MessageAttributes":
            found.append(f"{name}: filters on the body")
        filters = subscription.get("FilterPolicy", {})
        if set(filters) != {"type"} or not all(isinstance(value, str) for value in filters["type"]):
            found.append(f"{name}: not an exact list of types")
        if len(filters) > 5 or math.prod(map(len, filters.values())) > 150:
            found.append(f"{name}: more than SNS takes")
    return found


def is_denial_of_plain_http(statement: Json, queue: str) -> bool:
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] == "sqs:*"
        and queue in names_of(statement["Resource"])
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    )


def lets_the_topic_send(policy: Json, queue: str, topic: str) -> bool:
    return queue in names_of(policy["Queues"]) and any(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "sns.amazonaws.com"}
        and statement["Action"] == "sqs:SendMessage"
        and queue in names_of(statement["Resource"])
        and statement.get("Condition") == {"ArnEquals": {"aws:SourceArn": {"Ref": topic}}}
        for statement in policy["PolicyDocument"]["Statement"]
    )


def test_no_message_is_lost_and_no_queue_unwatched(template: Json, of_type: OfType) -> None:
    assert len(of_type(template, "AWS::SQS::Queue")) == 3 * len(QUEUES)
    assert violations(template, of_type) == []


def without_tls_rule(policy: Json) -> None:
    policy["PolicyDocument"]["Statement"] = policy["PolicyDocument"]["Statement"][:1]


@pytest.mark.parametrize(
    ("resource", "change", "complaint"),
    [
        ("UserQueue", lambda body: body.pop("RedrivePolicy"), "UserQueue: no DLQ"),
        ("UserSubscription", lambda body: body.pop("RedrivePolicy"), "UserSubscription: no DLQ of its own"),
        (
            "UserSubscription",
            lambda body: body.update(RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": ["UserDlq", "Arn"]}}),
            "UserDlq: shared by several",
        ),
        ("AnalyticsDlqAlarm", None, "AnalyticsDlq: no alarm on ApproximateNumberOfMessagesVisible"),
        ("AnalyticsAgeAlarm", None, "AnalyticsQueue: no alarm on ApproximateAgeOfOldestMessage"),
        (
            "UserAgeAlarm",
            lambda body: body.update(AlarmActions=[]),
            "UserQueue: no alarm on ApproximateAgeOfOldestMessage",
        ),
        # The ancestor's: one queue of three had a policy, and two consumers silently got nothing.
        ("TransactionQueuePolicy", None, "TransactionQueue: SNS may not send to it"),
        ("TransactionQueuePolicy", None, "TransactionSubscriptionDlq: 0 queue policies"),
        ("UserQueuePolicy", without_tls_rule, "UserQueue: takes requests without TLS"),
        ("UserSubscription", lambda body: body.update(RawMessageDelivery=False), "UserSubscription: wraps messages"),
        ("UserSubscription", lambda body: body.pop("FilterPolicyScope"), "UserSubscription: filters on the body"),
        (
            "UserSubscription",
            lambda body: body.update(FilterPolicy={"type": [{"prefix": "transaction.accepted"}]}),
            "UserSubscription: not an exact list of types",
        ),
        (
            "UserSubscription",
            lambda body: body.update(FilterPolicy={"type": [str(number) for number in range(151)]}),
            "UserSubscription: more than SNS takes",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_lose_messages_is_found(
    render: Render, of_type: OfType, resource: str, change: Callable[[Json], Any] | None, complaint: str
) -> None:
    template = render("prod", "messaging")
    if change is None:
        del template["Resources"][resource]
    else:
        change(template["Resources"][resource]["Properties"])
    assert complaint in violations(template, of_type)


def delivered(template: Json, of_type: OfType, event_type: str) -> set[str]:
    """The queues that a message with this attribute reaches: exact strings, as `violations` makes sure."""
    return {
        name_of(subscription["Endpoint"]).removesuffix("Queue")
        for subscription in of_type(template, "AWS::SNS::Subscription").values()
        if name_of(subscription["TopicArn"]) == "TransactionEvents"
        and event_type in subscription["FilterPolicy"]["type"]
    }


def test_each_event_reaches_the_queues_of_the_catalogue_and_no_other(template: Json, of_type: OfType) -> None:
    found = {event_type: delivered(template, of_type, event_type) for event_type in CATALOGUE}
    assert found == CATALOGUE


@pytest.mark.parametrize("event_type", NOBODYS)
def test_a_type_that_is_nearly_one_of_ours_reaches_nobody(template: Json, of_type: OfType, event_type: str) -> None:
    assert delivered(template, of_type, event_type) == set()


def test_no_filter_lists_a_type_that_nobody_publishes(template: Json, of_type: OfType) -> None:
    for subscription in of_type(template, "AWS::SNS::Subscription").values():
        if name_of(subscription["TopicArn"]) == "TransactionEvents":
            types = subscription["FilterPolicy"]["type"]
            assert len(types) == len(set(types))
            assert set(types) <= set(CATALOGUE)


def test_the_topic_takes_events_of_the_three_producers_alone(
    template: Json, of_type: OfType, any_environment: str
) -> None:
    topics = [
        policy["PolicyDocument"]["Statement"]
        for policy in of_type(template, "AWS::SNS::TopicPolicy").values()
        if names_of(policy["Topics"]) == {"TransactionEvents"}
    ]
    assert len(topics) == 1
    allow, deny, plain_http = topics[0]
    services = ("users", "transactions", "notifications")
    processes = [f"{service}{role}" for service in services for role in ("", "-worker")]
    producers = [
        *(f"arn:aws:iam::000000000000:role/{any_environment}-{process}-task" for process in processes),
        *(f"arn:aws:sts::000000000000:assumed-role/{any_environment}-{process}-task/*" for process in processes),
    ]
    assert (allow["Effect"], allow["Action"]) == ("Allow", "sns:Publish")
    assert allow["Condition"] == {"ArnLike": {"aws:PrincipalArn": producers}}
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "sns:Publish")
    assert deny["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": producers}}
    assert (plain_http["Effect"], plain_http["Principal"]) == ("Deny", "*")
    assert plain_http["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_topic_of_returned_mails_takes_what_the_mail_service_says_and_nobody_else(
    template: Json, of_type: OfType
) -> None:
    ((allow, plain_http),) = [
        policy["PolicyDocument"]["Statement"]
        for policy in of_type(template, "AWS::SNS::TopicPolicy").values()
        if names_of(policy["Topics"]) == {"MailFeedback"}
    ]
    assert (allow["Effect"], allow["Action"]) == ("Allow", "sns:Publish")
    assert allow["Principal"] == {"Service": "ses.amazonaws.com"}
    assert set(allow["Condition"]["StringEquals"]) == {"aws:SourceAccount"}
    assert (plain_http["Effect"], plain_http["Principal"]) == ("Deny", "*")
    # Without the key SES would publish, and SNS would drop it.
    statements = of_type(template, "AWS::KMS::Key")["MessagingKey"]["KeyPolicy"]["Statement"]
    assert any("ses.amazonaws.com" in str(statement["Principal"]) for statement in statements)


def test_a_dlq_keeps_messages_longer_than_its_queue_and_takes_no_other_queues(template: Json, of_type: OfType) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    for name in QUEUES:
        queue, dlq = queues[f"{name}Queue"], queues[f"{name}Dlq"]
        assert name_of(queue["RedrivePolicy"]["deadLetterTargetArn"]) == f"{name}Dlq"
        # A message keeps its age when it moves to the DLQ.
        assert dlq["MessageRetentionPeriod"] == 14 * 86_400 > queue["MessageRetentionPeriod"]
        assert dlq["RedriveAllowPolicy"]["sourceQueueArns"] == [
            f"arn:aws:sqs:us-east-1:000000000000:{queue['QueueName']}"
        ]
        assert queues[f"{name}SubscriptionDlq"]["RedriveAllowPolicy"] == {"redrivePermission": "denyAll"}


def test_the_names_are_those_that_consumers_and_operators_know(
    template: Json, of_type: OfType, any_environment: str
) -> None:
    names = {queue["QueueName"] for queue in of_type(template, "AWS::SQS::Queue").values()}
    assert names == {
        f"{any_environment}-{queue.lower()}-{kind}" for queue in QUEUES for kind in ("queue", "dlq", "subscription-dlq")
    }
    topics = {topic["TopicName"] for topic in of_type(template, "AWS::SNS::Topic").values()}
    assert topics == {f"{any_environment}-{topic}" for topic in ("transaction-events", "mail-feedback", "ops-alarms")}
    for queue in QUEUES:
        assert {f"{queue}{output}" for output in ("QueueUrl", "QueueArn", "QueueName", "DlqUrl", "DlqArn")} <= set(
            template["Outputs"]
        )


def test_subscriptions_on_the_laptop_are_those_of_prod(render: Render, of_type: OfType) -> None:
    local, prod = (of_type(render(name, "messaging"), "AWS::SNS::Subscription") for name in ("local", "prod"))
    assert prod.pop("OpsAlarmsMail")["Protocol"] == "email"
    assert local == prod
