"""What a service is built on: which of its parts a moved clock moves."""

import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from sqlalchemy import MetaData

from skillsync_kit import foundation
from skillsync_kit.failed_messages import failed_messages_table
from skillsync_kit.foundation import Foundation, lay
from skillsync_kit.processed_messages import processed_messages_table
from skillsync_kit.settings import Settings
from skillsync_kit.testing import UserPool


class CountingKeys:
    """The keys of a pool, counted as they are asked for."""

    def __init__(self, pool: UserPool) -> None:
        self._pool = pool
        self.asked = 0

    async def get(self, key_id: str) -> jwt.PyJWK:
        self.asked += 1
        return await self._pool.key_of(key_id)


@pytest.fixture
def keys(pool: UserPool, monkeypatch: pytest.MonkeyPatch) -> CountingKeys:
    made = CountingKeys(pool)
    monkeypatch.setattr(foundation, "Keys", lambda http, url: made)
    return made


def moved_a_year_back(stack: AsyncExitStack, pool: UserPool, directory: Path) -> Foundation:
    file, metadata = directory / "clock", MetaData()
    file.write_text(f"{-timedelta(weeks=52).total_seconds()}")
    failed_messages_table(metadata)
    processed_messages_table(metadata)
    settings = Settings(
        port=0,
        database_url=f"sqlite+aiosqlite:///{directory}/things.sqlite",
        token_issuer=pool.issuer,
        jwks_url="https://keys.example",
        web_client_id=pool.web_client_id,
        clock_file=file,
    )
    return lay(stack, settings, "things", metadata)


async def test_facts_are_dated_by_the_moved_clock_and_leases_by_the_real_one(
    pool: UserPool, keys: CountingKeys, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        base = moved_a_year_back(stack, pool, tmp_path)
        assert timedelta(weeks=51) < datetime.now(UTC) - base.clock.now() < timedelta(weeks=53)
        assert datetime.now(UTC) - base.real_clock.now() < timedelta(minutes=1)


async def test_a_token_does_not_outlive_its_end_because_the_clock_was_moved_back(
    pool: UserPool, keys: CountingKeys, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        base = moved_a_year_back(stack, pool, tmp_path)
        # It has ended, within the leeway: so it is verified, and must not be remembered as one that lasts.
        token = pool.token("ann", exp=int(time.time()) - 20)
        for _ in range(2):
            await base.verifier.verify(token)
        assert keys.asked == 2
