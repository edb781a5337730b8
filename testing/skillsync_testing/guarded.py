"""The emulator with IAM enforced: what a role may not do is refused, as on AWS."""

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from skillsync_testing.emulator import REGION, Emulator

__all__ = ["GuardedEmulator", "is_refused"]

Credentials = dict[str, Any]
_REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorizedException"}
_ROOT = {"AccessKeyId": "test", "SecretAccessKey": "test"}
_ACCOUNT = "000000000000"


class GuardedEmulator(Emulator):
    """With TLS, for without it the templates' policies let nobody publish; its certificate is its own."""

    name = "guarded-emulator"

    @property
    def endpoint_url(self) -> str:
        """As the emulator's, by TLS."""
        return super().endpoint_url.replace("http://", "https://")

    @property
    def certificate(self) -> str:
        """The file of the certificate, made at the start; who calls must trust it."""
        return str(self.directory / "ministack-tls" / "server.crt")

    def environment(self) -> dict[str, str]:
        """As the emulator's, with its guards up."""
        return {**super().environment(), "AUTH": "true", "USE_SSL": "1", "TMPDIR": str(self.directory)}

    def is_ready(self) -> bool:
        """Tell whether it says whose credentials these are."""
        try:
            return bool(self.client("sts").get_caller_identity()["Account"])
        except (BotoCoreError, ClientError, OSError):
            return False

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client, of the account's root unless credentials are given."""
        chosen = credentials or _ROOT
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=chosen["AccessKeyId"],
            aws_secret_access_key=chosen["SecretAccessKey"],
            aws_session_token=chosen.get("SessionToken"),
            verify=self.certificate,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=2),
        )

    def assume(self, role: str) -> Credentials:
        """Credentials of a role that only a task, or a person with a second factor, may take: here the account may."""
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": _ACCOUNT}, "Action": "sts:AssumeRole"}
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps({"Statement": [trust]}))
        arn = iam.get_role(RoleName=role)["Role"]["Arn"]
        found: Credentials = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="trial")["Credentials"]
        return found


def is_refused(error: ClientError) -> bool:
    """Whether a call was not allowed; one that is allowed and then fails for its content was let through."""
    return error.response["Error"]["Code"] in _REFUSALS
