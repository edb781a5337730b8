"""Which SNS and SQS the messaging suite talks to: a private emulator's, an endpoint's, or those of a real account."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import boto3.session
import pytest

from skillsync_testing.emulator import REGION, Emulator

__all__ = ["Endpoint", "NotExercised", "chosen_endpoint"]

# An account of the emulator that no other test uses.
_ACCOUNT = "200000000001"


class NotExercised(UserWarning):
    """Something of AWS that this endpoint lacks, so that the suite went without it; pytest lists these at the end."""


@dataclass(frozen=True)
class Endpoint:
    """A place where AWS's services answer. `variables` are all AWS variables that a client of it needs."""

    name: str
    is_aws: bool
    variables: Mapping[str, str] = field(repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @contextmanager
    def entered(self, credentials: Mapping[str, str] | None = None) -> Iterator[None]:
        """Let every client that is made meanwhile reach this endpoint, with these credentials when given."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        with mock.patch.dict(os.environ, {**others, **self.variables, **(credentials or {})}, clear=True):
            yield

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A plain boto3 client, the same at each call; one of its own for other credentials than the caller's."""
        if credentials is None and service in self._clients:
            return self._clients[service]
        with self.entered(credentials):
            # A session of its own: the default one keeps the credentials it found first.
            made = boto3.session.Session().client(service)  # type: ignore[call-overload]
        return made if credentials is not None else self._clients.setdefault(service, made)

    def lacks(self, what: str, reason: object) -> None:
        """Say that `what` is not exercised here. Fails on AWS, which lacks nothing that the suite needs."""
        assert not self.is_aws, f"{what}: {reason}"
        warnings.warn(NotExercised(f"{self.name}: {what} ({' '.join(str(reason).split())[:200]})"), stacklevel=2)


def chosen_endpoint(emulator: Callable[[], Emulator]) -> Endpoint:
    """The caller's endpoint by AWS_ENDPOINT_URL, AWS itself by MESSAGING=aws, else the session's private emulator.

    Credentials alone choose nothing: whoever has some in the environment did not ask for resources in that account.
    """
    own = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    url, wish = own.get("AWS_ENDPOINT_URL"), os.environ.get("MESSAGING")
    if wish not in (None, "", "aws"):
        raise pytest.UsageError(f"MESSAGING={wish}: it is aws or nothing")
    if url:
        region = own.get("AWS_REGION") or own.get("AWS_DEFAULT_REGION") or REGION
        missing = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        if not own.keys() & {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"}:
            # An emulator takes any; without, a client looks for some on the network.
            missing |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return Endpoint(url, False, {**missing, **own})
    if wish:
        return Endpoint("AWS", True, own)
    return Endpoint("the private emulator", False, emulator().client_environment(_ACCOUNT))
