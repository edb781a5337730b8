"""Where the operators' tools look: into the system on this machine, or into a deployed environment."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from skillsync.errors import Problem
from skillsync.local.state import empty_status
from skillsync.operations.aws import READ_TIMEOUT_SECONDS, Messaging, hurried
from skillsync.operations.services import Services
from skillsync.paths import Paths
from skillsync.views.session import require_running

# The stack that has the queues, as stacks.yaml names it.
_STACK = "messaging"


@dataclass(frozen=True)
class Place:
    """The queues, a function from an AWS service to its client there, and our services, as far as they can be asked."""

    messaging: Messaging
    client: Callable[[str], Any]
    services: Services


def find_place(paths: Paths, env: str = "") -> Place:
    """The environment of this name, else what runs here. Raises Problem when there is none or AWS lets nobody in."""
    return _deployed(paths, env) if env else _here(paths)


def _here(paths: Paths) -> Place:
    status = require_running(paths)
    return Place(status, partial(hurried, status), Services.of(paths, status))


def _deployed(paths: Paths, name: str) -> Place:
    """Its services answer inside its network alone, so they tell nothing here."""
    from skillsync import stacks  # noqa: PLC0415 - boto takes half a second
    from skillsync.local.wiring import queues  # noqa: PLC0415
    from skillsync.releases.account import enter, find_environment, problems  # noqa: PLC0415

    env = find_environment(name, paths.root)
    account = enter(env)
    client = partial(account.client, read_timeout_seconds=READ_TIMEOUT_SECONDS)
    stack = stacks.find_stack(env, _STACK).stack_name
    with problems():
        outputs = stacks.find_outputs(client("cloudformation"), stack)
    if outputs is None:
        raise Problem(
            f"{name}: account {account.number} has no stack {stack}: is it deployed, and is this its account?"
        )
    messaging = Messaging(aws_endpoint=os.environ.get("AWS_ENDPOINT_URL", ""), queues=queues(outputs))
    return Place(messaging, client, Services(empty_status(), {}))
