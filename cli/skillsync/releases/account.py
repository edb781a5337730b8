"""The AWS account an environment lives in, reached with the credentials that AWS's own variables name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from skillsync.errors import Problem
from skillsync.local.pool import make_client
from skillsync.stacks import Environment, StackError, environment
from skillsync.templates import TemplateError

# AWS keeps a call for minutes now and then.
_READ_TIMEOUT_SECONDS = 60
_LOCAL = "local"
_SIGN_IN = "sign in first (`aws sso login`, then export AWS_PROFILE=…), and try again."
_STALE = ("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure")


class Account:
    """`number` is its 12 digits. AWS_ENDPOINT_URL, when set, leads to an emulator."""

    def __init__(self, env: Environment, number: str) -> None:
        self.number = number
        self._region = env.region

    def client(self, service: str, *, read_timeout_seconds: float = _READ_TIMEOUT_SECONDS) -> Any:
        """A boto3 client there, in the environment's region."""
        return make_client(service, None, self._region, read_timeout_seconds=read_timeout_seconds)


def enter(env: Environment) -> Account:
    """The account of the credentials at hand. Raises Problem when there are none, or it is not the environment's."""
    from botocore.exceptions import (  # noqa: PLC0415 - boto takes half a second
        BotoCoreError,
        ClientError,
        CredentialRetrievalError,
        NoCredentialsError,
        PartialCredentialsError,
        ProfileNotFound,
        TokenRetrievalError,
    )

    if env.is_protected and env.account is None:
        raise Problem(
            f"{env.name}: infra/environments.yaml names no account for it: write `account:` with the 12 digits of the "
            "one it belongs to (`aws sts get-caller-identity`) and commit that."
        )
    try:
        number = str(make_client("sts", None, env.region).get_caller_identity()["Account"])
    except (NoCredentialsError, PartialCredentialsError):
        raise Problem(f"{env.name}: no AWS credentials here: {_SIGN_IN}") from None
    except (ProfileNotFound, CredentialRetrievalError, TokenRetrievalError) as error:
        raise Problem(f"{env.name}: the AWS credentials cannot be read ({_line(error)}): {_SIGN_IN}") from None
    except ClientError as error:
        if error.response["Error"]["Code"] in _STALE:
            raise Problem(f"{env.name}: AWS does not take these credentials any more: {_SIGN_IN}") from None
        raise Problem(f"{env.name}: AWS refuses to say whose credentials these are: {_line(error)}") from None
    except BotoCoreError as error:
        raise Problem(f"{env.name}: AWS does not answer: {_line(error)}") from None
    if env.account is not None and number != env.account:
        raise Problem(
            f"{env.name}: these credentials are of account {number}, the environment is in {env.account} "
            "(infra/environments.yaml): choose the other profile (AWS_PROFILE)."
        )
    return Account(env, number)


def find_environment(name: str, root: Path) -> Environment:
    """The environment as the files at `root` describe it. Raises Problem when there is none, or it is this machine."""
    with problems():
        env = environment(name, root)
    if env.name == _LOCAL:
        raise Problem("local is the system on this machine: `skillsync up` makes it, and it has no releases.")
    return env


@contextmanager
def problems() -> Iterator[None]:
    """Whatever a stack, a template or AWS refuses, or the files of `infra/` lack, as a Problem."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield
    except (StackError, TemplateError) as error:
        raise Problem(str(error)) from None
    except FileNotFoundError as error:
        name = Path(str(error.filename)).name
        raise Problem(f"infra/ of this release has no {name}: choose a later release, or put it there.") from None
    except yaml.YAMLError as error:
        raise Problem(f"infra/ of this release cannot be read: {_line(error)}") from None
    except (BotoCoreError, ClientError) as error:
        raise Problem(f"AWS: {_line(error)}") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
