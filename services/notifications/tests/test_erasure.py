"""A person is erased: nothing more is sent to them, and the service says that it has done its part."""

from typing import TYPE_CHECKING

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


async def acknowledged(world: "World", user: str) -> int:
    """What the worker that asks is answered."""
    headers = {"authorization": f"Bearer {world.pool.worker_token('skillsync/users.erase')}"}
    return (await world.client.get(f"/internal/erasures/{user}", headers=headers)).status_code


async def test_what_waits_for_the_erased_is_dropped_and_the_others_are_told(world: "World") -> None:
    ana, bo = new_id(), new_id()
    await world.receive(world.event("transaction.finalized.v1", ana, bo, actor=ana))
    assert await acknowledged(world, ana) == 404
    await world.receive(world.event("user.erased.v1", subject=ana))
    fates = {row.recipient: row.status for row in await world.mails() if row.recipient in (ana, bo)}
    assert fates == {ana: "dropped", bo: "pending"}
    assert await acknowledged(world, ana) == 200


async def test_an_event_that_comes_after_the_erasure_intends_nothing_for_the_erased(world: "World") -> None:
    ana, bo = new_id(), new_id()
    await world.receive(world.event("user.erased.v1", subject=ana))
    await world.receive(world.event("user.erased.v1", subject=ana))
    await world.receive(world.event("transaction.proposed.v1", ana, bo, actor=None))
    assert [row.recipient for row in await world.mails() if row.recipient in (ana, bo)] == [bo]
