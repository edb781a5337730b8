"""The composition root: the process on the local cloud, from its start to its drain."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import httpx2
import pytest

from skillsync_kit import migrations
from skillsync_testing import Emulator, free_port
from skillsync_users.settings import UsersSettings

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"

NEIGHBOURS = {
    "SKILLSYNC_USER_POOL_ID": "pool",
    "SKILLSYNC_TOKEN_URL": "http://127.0.0.1:1/oauth2/token",
    "SKILLSYNC_WORKER_CLIENT_ID": "worker",
    "SKILLSYNC_WORKER_SECRET_ID": "worker",
    **{f"SKILLSYNC_{name}_URL": "http://127.0.0.1:1" for name in ("TRANSACTIONS", "NOTIFICATIONS", "ANALYTICS")},
}


@contextmanager
def running(role: str, environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The process in a role, once it is ready, and its base URL; killed at the end if it still runs."""
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "skillsync_users.main", role],
        env={**os.environ, **environment, "SKILLSYNC_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if '"event": "ready"' in line:
                break
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def environment(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings of a process on the local cloud and SQLite."""
    for name, value in emulator.client_environment().items():
        monkeypatch.setenv(name, value)
    url = f"sqlite+aiosqlite:///{tmp_path}/users.sqlite"
    migrations.upgrade(url, MIGRATIONS)
    return {
        "SKILLSYNC_DATABASE_URL": url,
        "SKILLSYNC_TOPIC_ARN": boto3.client("sns").create_topic(Name="users-main")["TopicArn"],
        "SKILLSYNC_QUEUE_URL": boto3.client("sqs").create_queue(QueueName="users-main")["QueueUrl"],
        "SKILLSYNC_TOKEN_ISSUER": "https://pool.example",
        "SKILLSYNC_JWKS_URL": "http://127.0.0.1:1/jwks.json",
        "SKILLSYNC_WEB_CLIENT_ID": "web",
        **NEIGHBOURS,
        # A stop waits for the answer to the open poll.
        "SKILLSYNC_LONG_POLL_SECONDS": "1",
    }


@pytest.mark.parametrize(("role", "served"), [("all", 401), ("api", 401), ("worker", 404)])
def test_each_role_starts_serves_its_routes_and_drains(role: str, served: int, environment: dict[str, str]) -> None:
    with running(role, environment) as (process, url):
        assert httpx2.get(f"{url}/health/ready").status_code == 200
        assert httpx2.get(f"{url}/v1/skills").status_code == served
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def test_outside_the_local_environment_the_stand_ins_are_refused() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "skillsync_users.main", "api"],
        env={
            "PATH": os.environ["PATH"],
            "SKILLSYNC_ENVIRONMENT": "prod",
            "SKILLSYNC_PORT": "0",
            "SKILLSYNC_DATABASE_URL": "sqlite+aiosqlite:///x",
            "SKILLSYNC_CACHE_URL": "redis://127.0.0.1:1",
            "SKILLSYNC_TOKEN_ISSUER": "x",
            "SKILLSYNC_JWKS_URL": "x",
            "SKILLSYNC_WEB_CLIENT_ID": "x",
            **NEIGHBOURS,
            "SKILLSYNC_TOPIC_ARN": "x",
            "SKILLSYNC_QUEUE_URL": "x",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert refused.returncode == 2
    assert "SQLite" in refused.stderr
    assert set(UsersSettings.model_fields) > {"topic_arn", "queue_url"}
