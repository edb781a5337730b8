"""The composition root wires what each role needs."""

import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from skillsync_transactions.main import build
from skillsync_transactions.settings import TransactionsSettings

ACTIONS = ("propose", "accept", "decline", "cancel", "finalize", "reverse")


async def test_it_consumes_answers_and_publishes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("REGION", "DEFAULT_REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "eu-central-1")
    settings = TransactionsSettings(
        port=0,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/transactions.sqlite",
        token_issuer="http://pool.example",  # noqa: S106 - no secret
        jwks_url="http://pool.example/jwks.json",
        web_client_id="web",
        topic_arn="arn:aws:sns:eu-central-1:000000000000:transaction-events",
        queue_url="http://queue.example/transaction",
        users_url="http://users.example",
    )
    async with AsyncExitStack() as stack:
        parts = await build(stack, settings)
        assert (len(parts.worker_loops), len(parts.relay_loops), parts.health.is_ready) == (3, 1, False)
        documented: dict[str, Any] = parts.app.openapi()["paths"]
    assert set(documented) == {
        "/v1/transactions",
        "/v1/transactions/{id}",
        "/v1/transactions/{id}/history",
        *(f"/v1/transactions/{{id}}/{verb}" for verb in ACTIONS),
        "/v1/ledger",
        "/v1/ledger/balance",
        "/internal/transactions/{id}",
        "/internal/erasures/{user_id}",
        "/internal/events",
        "/internal/books",
        "/internal/statements/{owner}",
        "/internal/outbox",
        "/internal/failed-messages",
        "/internal/processed-messages",
        "/internal/trails/{subject}",
        "/internal/exports/{user_id}",
    }
    for path, operations in documented.items():
        for operation in operations.values():
            assert "401" in operation["responses"]
            assert operation["x-access"]["anonymous"] == 401
            assert not re.search(r"\{id\}", path) or "404" in operation["responses"]
