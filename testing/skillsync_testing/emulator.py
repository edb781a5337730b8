"""A private local cloud: the emulator of `cloud/`, in its own environment, without saved state."""

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from skillsync_testing.ports import HOST
from skillsync_testing.server import Server, ServerError

REGION = "us-east-1"
REPOSITORY = Path(__file__).resolve().parents[2]


class Emulator(Server):
    """SNS, SQS, Cognito, SES, Secrets Manager and CloudFormation on one port of 127.0.0.1."""

    name = "emulator"

    @property
    def endpoint_url(self) -> str:
        """The address that AWS clients take as `endpoint_url`."""
        return f"http://{HOST}:{self.port}"

    def client_environment(self, account: str = "test") -> dict[str, str]:
        """Return the standard variables that point an AWS client here.

        A 12-digit `account` sees only what it made itself: a test that wants an empty cloud takes one of its own.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def command(self) -> list[str]:
        """Return the emulator of the locked environment in `cloud/`; raise ServerError when that is not there."""
        python = REPOSITORY / "cloud" / ".venv" / "bin" / "python"
        if not python.exists():
            raise ServerError("cloud/.venv is missing: run `make test`, or: uv sync --frozen --project cloud")
        return [str(python), "-m", "ministack"]

    def environment(self) -> Mapping[str, str]:
        """Return our environment without AWS variables (they would change the emulator), and its settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_"))}
        return {
            **kept,
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": HOST,
            "IOT_MTLS_ENABLED": "0",
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "STATE_DIR": str(self.directory / "state"),
            "S3_DATA_DIR": str(self.directory / "s3"),
            "LOG_LEVEL": "WARNING",
        }

    def is_ready(self) -> bool:
        """Tell whether the emulator's own health page answers 200."""
        try:
            with urllib.request.urlopen(f"{self.endpoint_url}/_ministack/health", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False
