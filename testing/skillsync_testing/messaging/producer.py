"""The role of a producing service: the topic's policy lets nobody else publish, the caller included."""

import json
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from skillsync_testing.messaging.endpoint import Endpoint

__all__ = ["assume_producer", "producers", "remove_producer"]

# A new role is known everywhere within seconds, but not at once.
_SPREADING_SECONDS = 90.0
Statement = dict[str, Any]
_UNHEARD = {"type": {"DataType": "String", "StringValue": "unheard.v1"}}


def assume_producer(endpoint: Endpoint, env_name: str, topic_arn: str) -> dict[str, str]:
    """Make the role of the transactions service and assume it; its credentials, as AWS's variables.

    They publish already. An endpoint without roles gives none: there the caller publishes.
    """
    partition, account = topic_arn.split(":")[1], topic_arn.split(":")[4]
    trust: Statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "sts:AssumeRole",
    }
    rights: list[Statement] = [
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic_arn},
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"},
    ]
    role, iam = _role(env_name), endpoint.client("iam")
    try:
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=_policy([trust]))["Role"]["Arn"]
        iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=_policy(rights))
    except (ClientError, BotoCoreError) as error:
        endpoint.lacks("the topic's policy by a producer's role", error)
        return {}
    return _once_it_publishes(endpoint, arn, topic_arn)


def producers(endpoint: Endpoint, env_name: str) -> list[str]:
    """The role's name, when there is such a role."""
    try:
        return [endpoint.client("iam").get_role(RoleName=_role(env_name))["Role"]["RoleName"]]
    except (ClientError, BotoCoreError) as error:
        _raise_on_aws(endpoint, error)
        return []


def remove_producer(endpoint: Endpoint, env_name: str) -> None:
    """Delete the role; none is fine."""
    iam = endpoint.client("iam")
    for delete, more in ((iam.delete_role_policy, {"PolicyName": "own"}), (iam.delete_role, {})):
        try:
            delete(RoleName=_role(env_name), **more)
        except (ClientError, BotoCoreError) as error:
            _raise_on_aws(endpoint, error)


def _raise_on_aws(endpoint: Endpoint, error: ClientError | BotoCoreError) -> None:
    """On AWS the one thing that may be is that there is no such role; elsewhere there may be no roles at all."""
    is_missing = isinstance(error, ClientError) and error.response["Error"]["Code"] == "NoSuchEntity"
    if endpoint.is_aws and not is_missing:
        raise error


def _once_it_publishes(endpoint: Endpoint, role_arn: str, topic_arn: str) -> dict[str, str]:
    deadline = time.monotonic() + _SPREADING_SECONDS
    while True:
        try:
            session: Any = endpoint.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="messaging")
            credentials = {
                "AWS_ACCESS_KEY_ID": session["Credentials"]["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": session["Credentials"]["SecretAccessKey"],
                "AWS_SESSION_TOKEN": session["Credentials"]["SessionToken"],
            }
            sns = endpoint.client("sns", credentials)
            sns.publish(TopicArn=topic_arn, Message="{}", MessageAttributes=_UNHEARD)
        except ClientError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return credentials


def _role(env_name: str) -> str:
    return f"{env_name}-transactions-task"


def _policy(statements: list[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
