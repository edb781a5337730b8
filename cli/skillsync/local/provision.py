"""The step of `up` that makes the AWS side: the stacks of the `local` environment, and the demo people at the pool.

Run as `python -m skillsync.local.provision ENDPOINT PROCESS_URLS TAG`; prints a Provision as JSON.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit, urlunsplit

from skillsync.errors import Problem
from skillsync.local.fleet import LOCAL_CREDENTIAL
from skillsync.local.people import DEMO_PASSWORD, DEMO_PEOPLE
from skillsync.local.pool import Pool, make_client

if TYPE_CHECKING:
    from skillsync.stacks import Environment

ENVIRONMENT = "local"


class SignedIn(TypedDict):
    """A demo person who is at the pool now."""

    email: str
    password: str
    id: str
    groups: list[str]
    access_token: str


class Provision(TypedDict):
    """What is there: the stacks' outputs together, the local gateway's parameters, the people.

    `changed` says that the emulator holds something now that it would not survive a crash with.
    """

    region: str
    outputs: dict[str, str]
    gateway_parameters: dict[str, str]
    people: list[SignedIn]
    changed: bool


def provision(endpoint: str, process_urls: Mapping[str, str], tag: str) -> Provision:
    """Make what is missing, leave what is there.

    `process_urls` are base URLs by service, and `gateway`; `tag` goes into the people's addresses unless it is "".
    """
    from skillsync import stacks  # noqa: PLC0415 - boto takes half a second

    environment = with_own_origins(stacks.environment(ENVIRONMENT), process_urls["gateway"])
    client = make_client("cloudformation", endpoint, environment.region)
    outputs = reachable(stacks.deploy_all(client, environment, {"app": "skillsync"}), endpoint)
    cognito = make_client("cognito-idp", endpoint, environment.region)
    pool = Pool(cognito, outputs["WebClientId"])
    people, new = [], False
    for person in DEMO_PEOPLE:
        email = tagged(person.email, tag)
        token, is_new = pool.sign_in_or_up(email, DEMO_PASSWORD)
        new = new or is_new
        for group in person.groups:
            cognito.admin_add_user_to_group(UserPoolId=outputs["UserPoolId"], Username=email, GroupName=group)
        people.append(
            SignedIn(
                email=email,
                password=DEMO_PASSWORD,
                id=pool.subject(token),
                groups=list(person.groups),
                access_token=token,
            )
        )
    edge = stacks.find_stack(environment, "edge")
    upstreams = {f"{name.capitalize()}Url": url for name, url in process_urls.items()}
    parameters = stacks.wire(edge, environment, outputs | upstreams)
    parameters |= {"JwksUrl": jwks_url(endpoint, outputs["UserPoolId"]), "PoolUrl": endpoint}
    return Provision(
        region=environment.region, outputs=outputs, gateway_parameters=parameters, people=people, changed=new
    )


def with_own_origins(environment: "Environment", gateway_url: str) -> "Environment":
    """Pages of this very gateway may log in and call it, whatever port it has."""
    own = [gateway_url, gateway_url.replace("127.0.0.1", "localhost")]
    origins = [*environment.parameters.get("WebOrigins", "").split(","), *own]
    unique = ",".join(dict.fromkeys(origin for origin in origins if origin))
    return replace(environment, parameters={**environment.parameters, "WebOrigins": unique})


def tagged(email: str, tag: str) -> str:
    """ana@demo… as ana+tag@demo…: another address of the same mailbox."""
    name, at, domain = email.partition("@")
    return f"{name}+{tag}{at}{domain}" if tag else email


def jwks_url(endpoint: str, pool_id: str) -> str:
    """Where the pool's keys are: a token's `iss` is AWS's own address, also on an emulator."""
    return f"{endpoint}/{pool_id}/.well-known/jwks.json"


def reachable(outputs: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """The outputs with every queue URL at the endpoint: an emulator keeps the address it had when it made the queue."""
    base = urlsplit(endpoint)
    return {
        name: urlunsplit((base.scheme, base.netloc, urlsplit(value).path, "", "")) if is_queue_url(name) else value
        for name, value in outputs.items()
    }


def is_queue_url(output: str) -> bool:
    return output.endswith(("QueueUrl", "DlqUrl"))


def main(arguments: list[str]) -> None:
    endpoint, process_urls, tag = arguments
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from skillsync.stacks import StackError  # noqa: PLC0415
    from skillsync.templates import TemplateError  # noqa: PLC0415

    os.environ.setdefault("AWS_ACCESS_KEY_ID", LOCAL_CREDENTIAL)
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", LOCAL_CREDENTIAL)
    try:
        result = provision(endpoint, json.loads(process_urls), tag)
    except (Problem, StackError, TemplateError) as problem:
        sys.exit(str(problem))
    except (BotoCoreError, ClientError) as error:
        sys.exit(" ".join(f"AWS at {endpoint}: {error}".split()))
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
