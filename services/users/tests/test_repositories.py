"""The compare-and-set of both repositories: what was read before another commit is never written over it."""

from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_users.offerings.repository import OfferingRepository
from skillsync_users.profiles.repository import ProfileRepository

if TYPE_CHECKING:
    from tests.conftest import World


async def refused(world: "World", work: Any) -> None:
    """Do work in a unit of its own, and see it refused as a change that came too late; nothing of it is kept."""

    async def once(unit: UnitOfWork) -> None:
        with pytest.raises(ChangedMeanwhile):
            await work(unit)

    await world.database.run(once)


async def test_a_profile_that_was_changed_meanwhile_is_not_written_over(world: "World") -> None:
    profiles = ProfileRepository()
    ada = await world.member()
    async with world.database.read() as connection:
        stale = await profiles.find(connection, ada)
    assert stale
    await world.patch("/v1/users/me", ada, {"about": "first"})
    stale.change({"about": "late"}, world.clock.now())
    await refused(world, lambda unit: profiles.save(unit, stale))
    kept = (await world.get("/v1/users/me", ada)).json()
    assert (kept["about"], kept["version"]) == ("first", 2)


async def test_an_offering_that_was_changed_meanwhile_is_not_written_over_or_removed(world: "World") -> None:
    offerings = OfferingRepository()
    ada = await world.member()
    id = await world.offering(ada)
    async with world.database.read() as connection:
        stale = await offerings.find_any(connection, id)
    assert stale
    await world.patch(f"/v1/offerings/{id}", ada, {"text": "first"})
    await refused(world, lambda unit: offerings.remove(unit, stale))
    stale.change(ada, {"text": "late"}, world.clock.now())
    await refused(world, lambda unit: offerings.save(unit, stale, ""))
    kept = (await world.get(f"/v1/offerings/{id}", ada)).json()
    assert (kept["text"], kept["version"]) == ("first", 2)
