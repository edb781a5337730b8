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

ENVIRONMENTS = ("local", "dev-try", "staging", "prod")
Json = dict[str, Any]
Render = Callable[[str, str], Json]
Account = Callable[[str], Any]

# What stacks give that do not exist yet, and the outputs whose form the linter looks at.
STAND_INS = {
    "MailFeedbackTopicArn": "arn:aws:sns:us-east-1:000000000000:mail-feedback",
    "AlbListenerArn": (
        "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/api/0123456789abcdef/0123456789abcdef"
    ),
    "PrivateSubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "VpcLinkSecurityGroupId": "sg-0123456789abcdef0",
    "UserPoolIssuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abcdefghi",
    "WebClientId": "abcdefghijklmnopqrstuvwxyz",
    "UsersUrl": "http://127.0.0.1:1001",
    "TransactionsUrl": "http://127.0.0.1:1002",
    "NotificationsUrl": "http://127.0.0.1:1003",
    "AnalyticsUrl": "http://127.0.0.1:1004",
    "OperationsUrl": "http://127.0.0.1:1005",
}


@cache
def _rendered(environment: str, stack: str) -> Json:
    env = stacks.environment(environment)
    chosen = stacks.find_stack(env, stack)
    values = stacks.wire(chosen, env, STAND_INS)
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
