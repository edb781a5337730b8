"""The composition root wires what each role needs."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from skillsync_analytics.main import build
from skillsync_analytics.settings import AnalyticsSettings


async def test_it_consumes_and_answers_and_publishes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"REGION": "eu-central-1", "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    settings = AnalyticsSettings(
        port=0,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/analytics.sqlite",
        token_issuer="http://pool.example",  # noqa: S106 - no secret
        jwks_url="http://pool.example/jwks.json",
        web_client_id="web",
        queue_url="http://queue.example/analytics",
    )
    async with AsyncExitStack() as stack:
        parts = await build(stack, settings)
        assert len(parts.worker_loops) == 1
        assert parts.relay_loops == ()
        assert not parts.health.is_ready
        assert "/v1/analytics/me" in parts.app.openapi()["paths"]
