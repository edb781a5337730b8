"""The cache of names: on both caches, and gone whenever it likes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from skillsync_kit.ids import new_id
from skillsync_kit.testing import UserPool
from skillsync_testing import Redis
from skillsync_users import tables

if TYPE_CHECKING:
    from tests.conftest import World


@pytest.fixture
async def cached(world: "World", shared_url: str, pool: UserPool, cache_url: str) -> AsyncIterator["World"]:
    """The service over each cache in turn."""
    async with AsyncExitStack() as stack:
        yield type(world)(stack, shared_url, pool, cache_url)


async def first_name(world: "World", user: str) -> str:
    """A user's first name, asked for by id."""
    items = (await world.get(f"/v1/users?id={user}", new_id())).json()["items"]
    name: str = items[0]["first_name"]
    return name


async def rename_behind_its_back(world: "World", user: str, name: str) -> None:
    """Change the row alone, so that one sees from where an answer came."""
    users = tables.users
    await world.database.run(
        lambda unit: unit.connection.execute(update(users).where(users.c.id == user).values(first_name=name))
    )


async def test_a_name_is_remembered_until_its_owner_changes_it(cached: "World") -> None:
    ada = await cached.member()
    assert await first_name(cached, ada) == "Ada"
    await rename_behind_its_back(cached, ada, "Elsa")
    assert await first_name(cached, ada) == "Ada"
    assert (await cached.patch("/v1/users/me", ada, {"first_name": "Adele"})).status_code == 200
    assert await first_name(cached, ada) == "Adele"


async def test_one_who_is_not_found_is_not_remembered_as_missing(cached: "World") -> None:
    ada = new_id()
    assert (await cached.get(f"/v1/users?id={ada}", new_id())).json()["items"] == []
    await cached.sign_up(ada)
    assert await first_name(cached, ada) == "Ada"


async def test_profiles_and_rights_are_never_read_from_the_cache(cached: "World") -> None:
    ada = await cached.member()
    await first_name(cached, ada)
    await rename_behind_its_back(cached, ada, "Elsa")
    assert (await cached.get(f"/v1/users/{ada}", new_id())).json()["first_name"] == "Elsa"
    await cached.set_status(ada, "suspended")
    assert (await cached.publish(ada)).status_code == 403


async def test_an_emptied_cache_is_a_miss(world: "World", shared_url: str, pool: UserPool, redis_server: Redis) -> None:
    async with AsyncExitStack() as stack:
        over_redis = type(world)(stack, shared_url, pool, redis_server.url)
        ada = await over_redis.member()
        await first_name(over_redis, ada)
        await rename_behind_its_back(over_redis, ada, "Elsa")
        redis_server.flush()
        assert await first_name(over_redis, ada) == "Elsa"


async def test_a_cache_that_does_not_answer_is_a_miss(world: "World", shared_url: str, pool: UserPool) -> None:
    async with AsyncExitStack() as stack:
        over_nothing = type(world)(stack, shared_url, pool, "redis://127.0.0.1:1/0")
        ada = await over_nothing.member()
        assert await first_name(over_nothing, ada) == "Ada"
        assert (await over_nothing.patch("/v1/users/me", ada, {"first_name": "Adele"})).status_code == 200
        assert await first_name(over_nothing, ada) == "Adele"
