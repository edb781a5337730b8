"""A person is erased: nothing more is sent to them, and the service says that it has done its part."""

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Exists, exists, insert, select

from skillsync_kit.database import UnitOfWork
from skillsync_kit.ids import new_id
from skillsync_notifications import tables

from .test_reminders import told

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


async def test_no_row_is_left_that_was_there_for_the_erased_and_the_others_stay(world: "World") -> None:
    ana, bo = new_id(), new_id()
    for member in (ana, bo):
        await world.receive(world.event("user.created.v1", subject=member))
        switches = (await world.get("/v1/notifications/preferences", member)).json()
        changed = {**switches, "digest": {"inbox": False, "mail": False}}
        await world.send("PUT", "/v1/notifications/preferences", member, changed, If_Match="*")
        await world.send("POST", "/v1/notifications/read-all", member, Idempotency_Key=new_id())
        await world.receive(told(world, "proposed", new_id(), member, days=14))
        expires_at = (world.clock.now() + timedelta(days=30)).isoformat()
        offering = {"owner": member, "kind": "offer", "skill": "guitar", "to": "active", "expires_at": expires_at}
        await world.receive(world.event("offering.published.v1", subject=new_id(), actor=member, data=offering))
    await world.send_all()
    suppressed = [
        {"user": user, "digest": "0" * 64, "reason": "bounced", "created_at": world.clock.now()} for user in (ana, bo)
    ]

    async def suppress(unit: UnitOfWork) -> None:
        await unit.connection.execute(insert(tables.suppressions), suppressed)

    await world.database.run(suppress)
    assert await rows_of(world, ana) == await rows_of(world, bo) == dict.fromkeys(OWNERS, True)
    await world.receive(world.event("user.erased.v1", subject=ana))
    assert await rows_of(world, ana) == dict.fromkeys(OWNERS, False)
    assert await rows_of(world, bo) == dict.fromkeys(OWNERS, True)


OWNERS = {
    "preferences": "user",
    "unsubscribe_tokens": "user",
    "suppressions": "user",
    "reminders": "recipient",
    "offerings": "owner",
    "schedules": "user",
    "idempotency_records": "principal",
}


async def rows_of(world: "World", user: str) -> dict[str, bool]:
    """Which tables have a row that is there for a person."""
    async with world.database.read() as connection:
        return {
            name: bool((await connection.execute(select(_has_row(name, owner, user)))).scalar())
            for name, owner in OWNERS.items()
        }


def _has_row(table: str, owner: str, user: str) -> Exists:
    return exists().where(tables.metadata.tables[table].c[owner] == user)
