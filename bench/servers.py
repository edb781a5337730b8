"""The processes under load and the one they ask: started on free ports, stopped by their pids."""

import json
import os
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from bench.sampling import TARGET
from skillsync_kit.testing import UserPool
from skillsync_testing.server import Server

__all__ = ["ROOT", "HttpServer", "Stubs"]

ROOT = Path(__file__).resolve().parents[1]
_POOL_SIZE = "8"


class Stubs(Server):
    """The user pool's keys, and the users service."""

    name = "stubs"

    def __init__(self, directory: Path, pool: UserPool) -> None:
        """Choose a port; nothing runs before `start`."""
        super().__init__(directory)
        self._pool = pool

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """The module in a process of its own."""
        return [sys.executable, "-m", "bench.stubs", str(self.port), json.dumps(self._pool.public_jwk())]

    def environment(self) -> Mapping[str, str]:
        """See Server."""
        return _environment()

    def is_ready(self) -> bool:
        """Whether the key set is answered."""
        return _answers(f"{self.url}/jwks.json")


class HttpServer(Server):
    """One implementation of the transactions API: a module that reads the service's own settings."""

    def __init__(
        self, directory: Path, name: str, module: str, *, database_url: str, stubs: Stubs, profile: Path | None = None
    ) -> None:
        """Choose a port; nothing runs before `start`. With `profile` the process writes samples of itself there."""
        super().__init__(directory)
        self.name = name
        self._module = module
        self._database_url = database_url
        self._stubs = stubs
        self._profile = profile

    def command(self) -> list[str]:
        """The module in a process of its own."""
        return [sys.executable, "-m", self._module, "api"]

    def environment(self) -> Mapping[str, str]:
        """The service's settings; the cloud's address leads nowhere, and nothing asks for it."""
        environment = {
            **_environment(),
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "SKILLSYNC_PORT": str(self.port),
            "SKILLSYNC_DATABASE_URL": self._database_url,
            "SKILLSYNC_DATABASE_POOL_SIZE": _POOL_SIZE,
            "SKILLSYNC_TOKEN_ISSUER": UserPool.issuer,
            "SKILLSYNC_WEB_CLIENT_ID": UserPool.web_client_id,
            "SKILLSYNC_JWKS_URL": f"{self._stubs.url}/jwks.json",
            "SKILLSYNC_USERS_URL": self._stubs.url,
            "SKILLSYNC_TOPIC_ARN": "arn:aws:sns:eu-central-1:000000000000:transaction-events",
            "SKILLSYNC_QUEUE_URL": "http://127.0.0.1:9/transaction-queue",
        }
        return environment | ({TARGET: str(self._profile)} if self._profile else {})

    def is_ready(self) -> bool:
        """Whether the liveness route is answered."""
        return _answers(f"http://127.0.0.1:{self.port}/health/ready")


def _environment() -> dict[str, str]:
    """Ours, and where the modules are found."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - of this machine, and our own
            return bool(answer.status == 200)
    except OSError:
        return False
