"""To all but operators nothing is here: every route, rightly and wrongly asked."""

from typing import Any

import pytest

from skillsync.operations.api.settings import OperationsSettings
from skillsync_kit.ids import new_id

# The same in each process that collects the tests.
SOME_ID = "0190c5d4-8f6e-7000-8000-000000000001"
ASKS = [
    ("GET", "/system"),
    ("GET", f"/exchanges/{SOME_ID}/trail"),
    ("GET", "/exchanges/no-id/trail"),
    ("POST", "/queues/user/redrive"),
    ("POST", f"/queues/{'x' * 65}/redrive"),
    ("GET", "/nothing"),
]


@pytest.mark.parametrize(("method", "path"), ASKS)
async def test_strangers_get_the_answer_of_what_is_not_there(api: Any, method: str, path: str) -> None:
    pool = api.pool
    strangers = [
        pool.token(new_id()),
        pool.token(new_id(), **{"cognito:groups": ["coordinator"]}),
        pool.worker_token("skillsync/operations.read"),
    ]
    for token in strangers:
        for headers in ({}, {"Idempotency_Key": "k"}):
            refused = await api.send(method, path, token, **headers)
            assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    assert (await api.send(method, path, "no token")).status_code == (404 if path == "/nothing" else 401)


def test_the_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERS", "TRANSACTIONS", "NOTIFICATIONS", "ANALYTICS"):
        monkeypatch.setenv(f"SKILLSYNC_{name}_URL", f"http://{name.lower()}.example")
    rest = {
        "SKILLSYNC_PORT": "0",
        "SKILLSYNC_TOKEN_ISSUER": "https://issuer.example",
        "SKILLSYNC_JWKS_URL": "https://issuer.example/keys",
        "SKILLSYNC_WEB_CLIENT_ID": "web",
        "SKILLSYNC_QUEUES": '{"user": {"url": "u", "dlq_url": "d", "subscription_dlq_url": "s"}}',
        "SKILLSYNC_PROCESSES": '{"users": "http://users.example/health/ready"}',
        "SKILLSYNC_TOKEN_URL": "https://pool.example/token",
        "SKILLSYNC_WORKER_CLIENT_ID": "worker",
        "SKILLSYNC_WORKER_SECRET_ID": "arn",
        "AWS_REGION": "us-east-1",
    }
    for name, value in rest.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    settings = OperationsSettings()
    assert settings.messaging == {
        "aws_endpoint": "",
        "queues": {"user": {"url": "u", "dlq_url": "d", "subscription_dlq_url": "s"}},
    }
    assert settings.services["analytics"] == "http://analytics.example"
    assert settings.processes == {"users": "http://users.example/health/ready"}
