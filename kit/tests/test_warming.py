"""A process that begins while what it needs is away: it gets ready later, and does not end."""

import pytest
from fastapi import FastAPI

from skillsync_kit import process
from skillsync_kit.app import Health
from skillsync_kit.errors import Unavailable
from skillsync_kit.process import Parts


async def test_what_is_away_is_asked_again_until_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_WARM_AGAIN_SECONDS", 0.001)
    asked: list[str] = []

    async def database() -> None:
        asked.append("database")
        if len(asked) < 4:
            raise Unavailable("away")

    async def cache() -> None:
        asked.append("cache")

    await process._warm(Parts(FastAPI(), Health(), warm=(database, cache)))
    assert asked == [*["database"] * 4, "cache"]


async def test_a_mistake_of_ours_ends_it() -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await process._warm(Parts(FastAPI(), Health(), warm=(broken,)))
