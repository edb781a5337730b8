"""The processes of service.yaml: who gets which paths, and that each reads its settings from what its task gives."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from skillsync import stacks
from skillsync.operations.api.settings import OperationsSettings
from skillsync_analytics.settings import AnalyticsSettings
from skillsync_kit.settings import ProcessSettings
from skillsync_notifications.settings import NotificationsSettings
from skillsync_transactions.settings import TransactionsSettings
from skillsync_users.settings import UsersSettings

from .test_edge import SEGMENTS
from .test_messaging import QUEUES

Json = dict[str, Any]
Render = Callable[[str, str], Json]
OfType = Callable[[Json, str], dict[str, Json]]

SETTINGS: dict[str, type[ProcessSettings]] = {
    "users": UsersSettings,
    "transactions": TransactionsSettings,
    "notifications": NotificationsSettings,
    "analytics": AnalyticsSettings,
    "operations": OperationsSettings,
}
PROCESSES = [
    stack.name
    for stack in stacks.plan(stacks.environment("prod"))
    if stack.template.stem == "service" and stack.fixed["Kind"] != "job"
]


def test_each_path_of_the_edge_reaches_the_service_that_owns_it(render: Render, of_type: OfType) -> None:
    found: dict[str, set[str]] = {}
    priorities = []
    for service in SETTINGS:
        rules = of_type(render("prod", service), "AWS::ElasticLoadBalancingV2::ListenerRule")
        priorities += [rule["Priority"] for rule in rules.values()]
        found[service.capitalize()] = set(rules["PathRule"]["Conditions"][0]["PathPatternConfig"]["Values"])
        (name,) = rules["NameRule"]["Conditions"][0]["HostHeaderConfig"]["Values"]
        assert name == f"{service}.internal.skillsync.example"
    assert found == {service: {f"/v1/{each}*" for each in segments} for service, segments in SEGMENTS.items()}
    assert len(set(priorities)) == len(priorities)


@pytest.mark.parametrize("environment", ["dev-try", "dev-ada", "prod"])
@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_reads_all_its_settings_from_its_task(
    render: Render, of_type: OfType, monkeypatch: pytest.MonkeyPatch, process: str, environment: str
) -> None:
    (task,) = of_type(render(environment, process), "AWS::ECS::TaskDefinition").values()
    container = task["ContainerDefinitions"][0]
    variables = {one["Name"]: one["Value"] for one in container["Environment"]}
    variables |= {one["Name"]: "from-a-secret" for one in container["Secrets"]}
    for name, value in variables.items():
        assert isinstance(value, str), f"{name} is not text: {value}"
        monkeypatch.setenv(name, value)
    read = SETTINGS[process.removesuffix("-worker")]()
    assert read.environment == environment
    # What the load balancer asks, and where each other is.
    assert read.cache_address.startswith("rediss://:from-a-secret@")
    if isinstance(read, OperationsSettings):
        assert set(read.processes) == set(SETTINGS)
        urls = {*read.services.values(), read.processes["operations"].removesuffix("/health/ready")}
        assert {url.removesuffix("/health/ready") for url in read.processes.values()} == urls
        assert not [name for name in variables if "DATABASE_U" in name or "DATABASE_PASSWORD" in name]


def test_the_operators_api_is_told_of_every_queue(render: Render) -> None:
    outputs = render("prod", "messaging")["Outputs"]
    told = json.loads(re.sub(r"\$\{(\w+)\}", r"\1", outputs["AllQueues"]["Value"]["Fn::Sub"]))
    assert told == {
        queue.lower(): {
            "url": f"{queue}Queue",
            "dlq_url": f"{queue}Dlq",
            "subscription_dlq_url": f"{queue}SubscriptionDlq",
        }
        for queue in QUEUES
    }

    def named(output: str) -> set[str]:
        return {arn["Fn::GetAtt"][0] for arn in outputs[output]["Value"]["Fn::Join"][1]}

    assert named("AllQueueArns") == {f"{queue}Queue" for queue in QUEUES}
    assert named("AllDlqArns") == {f"{queue}{kind}" for queue in QUEUES for kind in ("Dlq", "SubscriptionDlq")}


def test_the_operators_api_moves_dead_letters_back_and_may_do_nothing_else(render: Render) -> None:
    role = render("dev-try", "operations")["Resources"]["TaskRole"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    rights = {one["Sid"]: (one["Action"], one["Resource"]) for one in statements}
    # The emulator's environment has its collector too; see STAND_INS.
    rights.pop("Trace")
    of = "arn:aws:sqs:us-east-1:000000000000"
    key = "arn:aws:kms:us-east-1:000000000000:key"
    assert rights == {
        "ReturnFrom": (
            ["sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
            [f"{of}:AllDlqArns-1", f"{of}:AllDlqArns-2"],
        ),
        "ReturnTo": (
            ["sqs:GetQueueAttributes", "sqs:SendMessage"],
            [f"{of}:AllQueueArns-1", f"{of}:AllQueueArns-2"],
        ),
        "ReadMetrics": ("cloudwatch:GetMetricData", "*"),
        "MessagingKey": (["kms:Decrypt", "kms:GenerateDataKey"], f"{key}/MessagingKeyArn"),
        "ReadSecret": (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:WorkerSecretArn-AbCdEf",
        ),
        "DecryptSecret": ("kms:Decrypt", f"{key}/SecretsKeyArn"),
    }


def test_a_task_is_asked_by_the_images_own_health_check(render: Render, of_type: OfType) -> None:
    recipe = (stacks.root() / "Dockerfile").read_text(encoding="utf-8")
    found = re.search(
        r"^HEALTHCHECK --interval=(\d+)s --timeout=(\d+)s --start-period=(\d+)s --retries=(\d+) CMD (.*)$", recipe, re.M
    )
    assert found is not None
    interval, timeout, start, retries = (int(each) for each in found.groups()[:4])
    for process in PROCESSES:
        (task,) = of_type(render("prod", process), "AWS::ECS::TaskDefinition").values()
        assert task["ContainerDefinitions"][0]["HealthCheck"] == {
            "Command": ["CMD", *json.loads(found[5])],
            "Interval": interval,
            "Timeout": timeout,
            "StartPeriod": start,
            "Retries": retries,
        }
    # compose.yaml leaves it to the image.
    services = yaml.safe_load((stacks.root() / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert not [name for name in SETTINGS if "healthcheck" in services[name]]
