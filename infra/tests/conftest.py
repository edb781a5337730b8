"""What the tests of the templates share: each template, raw and as each environment gets it, and a cloud account."""

import copy
import itertools
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

import boto3
import pytest

from skillsync import stacks, templates
from skillsync_testing import Emulator

ENVIRONMENTS = ("local", "dev-try", "dev-ada", "staging", "prod")
Json = dict[str, Any]
Render = Callable[[str, str], Json]
Account = Callable[[str], Any]

# What a release brings, and the outputs whose form the linter looks at.
STAND_INS = {
    **{
        f"{service}Image": f"000000000000.dkr.ecr.us-east-1.amazonaws.com/{service.lower()}@sha256:{'0' * 64}"
        for service in ("Users", "Transactions", "Notifications", "Analytics", "Operations")
    },
    "CollectorImage": f"public.ecr.aws/aws-observability/aws-otel-collector@sha256:{'0' * 64}",
    "UserPoolIssuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abcdefghi",
    "WebClientId": "abcdefghijklmnopqrstuvwxyz",
    "AlbListenerArn": (
        "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/api/0123456789abcdef/0123456789abcdef"
    ),
    "UsersUrl": "http://127.0.0.1:1001",
    "TransactionsUrl": "http://127.0.0.1:1002",
    "NotificationsUrl": "http://127.0.0.1:1003",
    "AnalyticsUrl": "http://127.0.0.1:1004",
    "OperationsUrl": "http://127.0.0.1:1005",
    "AllQueues": '{"user": {"url": "https://q/1", "dlq_url": "https://q/2", "subscription_dlq_url": "https://q/3"}}',
}


def stand_in(name: str) -> str:
    """A value of the form that this output has once its stack is there."""
    if name in STAND_INS:
        return STAND_INS[name]
    if name.endswith("SubnetIds"):
        return "subnet-0123456789abcdef0,subnet-0123456789abcdef1"
    for end, form in (
        ("VpcId", "vpc-0123456789abcdef0"),
        ("GroupId", "sg-0123456789abcdef0"),
        ("TopicArn", "arn:aws:sns:us-east-1:000000000000:{name}"),
        ("QueueArn", "arn:aws:sqs:us-east-1:000000000000:{name}"),
        ("DlqArn", "arn:aws:sqs:us-east-1:000000000000:{name}"),
        ("KeyArn", "arn:aws:kms:us-east-1:000000000000:key/{name}"),
        ("SecretArn", "arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AbCdEf"),
        ("RoleArn", "arn:aws:iam::000000000000:role/{name}"),
        ("PoolArn", "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abcdefghi"),
        ("IdentityArn", "arn:aws:ses:us-east-1:000000000000:identity/{name}"),
    ):
        if name.endswith(end):
            return form.format(name=name)
        if name.endswith(f"{end}s"):
            return ",".join(form.format(name=f"{name}-{number}") for number in (1, 2))
    return name


@cache
def _known(environment: str, stack: str) -> dict[str, str]:
    """What the stacks before this one, and a release, give: an output that its template states is taken from there."""
    env = stacks.environment(environment)
    known = dict(STAND_INS)
    for earlier in stacks.plan(env):
        if earlier.name == stack:
            break
        for name, output in _rendered(environment, earlier.name)["Outputs"].items():
            known[name] = output["Value"] if isinstance(output["Value"], str) else stand_in(name)
    return known


@cache
def _rendered(environment: str, stack: str) -> Json:
    env = stacks.environment(environment)
    chosen = stacks.find_stack(env, stack)
    values = stacks.wire(chosen, env, _known(environment, stack))
    return templates.render(templates.load(chosen.template), values, env.region)


@pytest.fixture(scope="session")
def render() -> Render:
    """A function from environment and stack to the evaluated template, the caller's own copy."""
    return lambda environment, stack: copy.deepcopy(_rendered(environment, stack))


@pytest.fixture(scope="session")
def of_type() -> Callable[[Mapping[str, Any], str], dict[str, Json]]:
    """A function from a template and a resource type to the properties of its resources, by logical name."""
    return lambda template, kind: {
        name: body.get("Properties", {}) for name, body in template["Resources"].items() if body["Type"] == kind
    }


# Every stack of every environment; the laptop's gateway reads the edge although no stack of it is made there.
GIVEN = [
    *((name, stack.name) for name in ENVIRONMENTS for stack in stacks.plan(stacks.environment(name))),
    ("local", "edge"),
]


@pytest.fixture(scope="session", params=GIVEN, ids="-".join)
def given(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Each stack of each environment in turn: the environment's name and the stack's."""
    return cast(tuple[str, str], request.param)


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def any_environment(request: pytest.FixtureRequest) -> str:
    """Each environment in turn."""
    return cast(str, request.param)


_accounts = itertools.count(100_000_000_001)


@pytest.fixture
def account(emulator: Emulator) -> Account:
    """A function from a service's name to its client, in a cloud account that holds nothing yet."""
    number = str(next(_accounts))

    def client(service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=emulator.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=number,
            aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
        )

    return client
