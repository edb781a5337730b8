"""The cache: what it keeps, and that nothing that befalls it is an error."""

import asyncio
import os
import pickle
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from skillsync_kit.cache import Cache
from skillsync_kit.clock import monotonic_seconds
from skillsync_testing import Redis, free_port


@pytest.fixture
async def cache(cache_url: str) -> AsyncIterator[Cache]:
    cache = Cache(cache_url, "things")
    yield cache
    await cache.close()


async def test_a_value_of_another_shape_is_a_miss(cache: Cache) -> None:
    await cache.set_many({"name": ["Ana", "Diaz"], "half": ["Ana"], "number": 7, "other": {"a": 1}}, seconds=60)
    found = await cache.get_many(["name", "half", "number", "other", "none"], tuple[str, str])
    assert found == {"name": ("Ana", "Diaz")}


async def test_it_keeps_json_and_misses_what_it_has_not(cache: Cache) -> None:
    values = {
        "object": {"first": "Zoë", "list": [1, None, True, 1.5]},
        "digits": "123",
        "number": 7,
        "text": "a:b_c",
        "empty": "",
        "no": False,
    }
    await cache.set_many(values, seconds=60)
    assert await cache.get_many([*values, "missing"], object) == values
    assert await cache.get_many([], object) == {}
    await cache.set_many({}, seconds=60)


async def test_what_comes_back_is_no_one_elses_object(cache: Cache) -> None:
    kept = {"names": ["a"]}
    await cache.set_many({"k": kept}, seconds=60)
    kept["names"].append("b")
    (await cache.get_many(["k"], dict))["k"]["names"].append("c")
    assert await cache.get_many(["k"], object) == {"k": {"names": ["a"]}}


async def test_what_is_deleted_or_past_its_time_is_a_miss(cache: Cache) -> None:
    await cache.set_many({"a": 1, "b": 2}, seconds=60)
    await cache.delete("a")
    assert await cache.get_many(["a", "b"], object) == {"b": 2}
    await cache.set_many({"c": 3}, seconds=0.02)
    looks = 0
    async with asyncio.timeout(5):
        while await cache.get_many(["c"], object):
            looks += 1
    assert looks > 0


async def test_services_do_not_see_each_others_values(cache_url: str) -> None:
    one, other = Cache(cache_url, "things"), Cache(cache_url, "people")
    await one.set_many({"k": 1}, seconds=60)
    assert await other.get_many(["k"], object) == {}
    await one.close()
    await other.close()


async def test_what_is_not_json_is_not_kept_and_harms_nobody(cache: Cache) -> None:
    await cache.set_many({"k": object()}, seconds=60)
    assert await cache.get_many(["k"], object) == {}


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A Redis that this test may stop."""
    with tempfile.TemporaryDirectory(prefix="skillsync-redis-") as directory:
        server = Redis(Path(directory))
        server.start_on_a_free_port()
        yield server
        server.stop()


class Trap:
    """Runs code when it is unpickled."""

    sprung: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return spring, ("sprung",)


def spring(word: str) -> str:
    Trap.sprung += (word,)
    return word


async def test_what_redis_says_is_data_and_never_code(own_redis: Redis) -> None:
    assert pickle.loads(pickle.dumps(Trap())) == "sprung"  # noqa: S301 - shows that the trap works
    Trap.sprung = ()
    cache = Cache(own_redis.url, "things")
    async with Client.from_url(own_redis.url) as client:
        await client.set("skillsync:things:trap", pickle.dumps(Trap()))
        assert await cache.get_many(["trap"], object) == {}
        assert Trap.sprung == ()
        await cache.set_many({"k": {"a": 1}}, seconds=60)
        assert await client.get("skillsync:things:k") == b'{"a": 1}'
        assert 0 < await client.pttl("skillsync:things:k") <= 60_000
    await cache.close()


async def test_a_cache_that_vanishes_is_a_miss_and_comes_back(own_redis: Redis) -> None:
    cache = Cache(own_redis.url, "things")
    await cache.set_many({"k": 1}, seconds=60)
    assert await cache.get_many(["k"], object) == {"k": 1}
    own_redis.kill()
    assert await cache.get_many(["k"], object) == {}
    await cache.set_many({"k": 2}, seconds=60)
    await cache.delete("k")
    own_redis.start()
    await cache.set_many({"k": 3}, seconds=60)
    await cache.set_many({"k": 3}, seconds=60)
    assert await cache.get_many(["k"], object) == {"k": 3}
    await cache.close()


async def test_a_cache_that_never_was_is_a_miss() -> None:
    cache = Cache(f"redis://127.0.0.1:{free_port()}/0", "things")
    await cache.set_many({"k": 1}, seconds=60)
    assert await cache.get_many(["k"], object) == {}
    await cache.delete("k")
    await cache.close()


async def test_a_cache_that_hangs_is_a_miss_after_a_moment(own_redis: Redis) -> None:
    cache = Cache(own_redis.url, "things")
    await cache.set_many({"k": 1}, seconds=60)
    os.kill(own_redis.pid, signal.SIGSTOP)
    try:
        started = monotonic_seconds()
        assert await cache.get_many(["k"], object) == {}
        assert monotonic_seconds() - started < 1.5
    finally:
        os.kill(own_redis.pid, signal.SIGCONT)
    assert await cache.get_many(["k"], object) == {"k": 1}
    await cache.close()
