"""How the statements that lists and loops send find their rows: by an index, whatever the tables hold."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from skillsync_kit.database import UnitOfWork
from skillsync_kit.ids import new_id
from skillsync_notifications import tables
from skillsync_notifications.entities import Template
from skillsync_testing.exports import exported
from skillsync_testing.proofs import Proof, figure
from skillsync_testing.watching import Watch

if TYPE_CHECKING:
    from tests.conftest import World

ANA = new_id()
SWITCHES = {
    topic: {"inbox": True, "mail": True} for topic in ("account", "exchanges", "reminders", "digest", "coordination")
}
SOME: dict[str, Any] = {"only_unread": False, "before_id": None, "limit": 20}
# Mails, plans and people: in the check, and for 100,000 exchanges of which four mails each tell.
FEW, MANY = (4_100, 2_000, 41), (400_000, 100_000, 1_009)
_AT_ONCE = 10_000


async def fill(world: "World", mails_of_all: int, plans: int, members: int) -> list[str]:
    """Much for many, and most of it read, sent and still to come. Whom it is for."""
    people = [ANA, *(new_id() for _ in range(members - 1))]
    await world.send("PUT", "/v1/notifications/preferences", ANA, SWITCHES, If_Match="*")
    now = world.clock.now()
    mails = [
        {
            "id": new_id(),
            "event_id": new_id(),
            "recipient": people[n % len(people)],
            "template": "receipt",
            "channel": "mail",
            "subject": new_id(),
            "status": "sent",
            "attempts": 1,
            "created_at": now,
            "ses_message_id": f"ses-{n}",
            "in_inbox": n % 5 != 0,
            "read_at": None if n % 7 == 0 else now,
            "version": 1,
        }
        for n in range(mails_of_all)
    ]
    later = now + timedelta(days=3)
    rows: dict[Any, list[dict[str, Any]]] = {
        tables.mails: mails,
        tables.reminders: [
            {
                "key": f"{new_id()}:1:1",
                "recipient": people[n % len(people)],
                "template": "proposal-reminder",
                "subject": new_id(),
                "due_at": later + timedelta(minutes=n),
            }
            for n in range(plans)
        ],
        tables.offerings: [
            {
                "id": new_id(),
                "owner": ANA,
                "kind": "offer",
                "skill": "guitar",
                "sequence": 1,
                "expires_at": later,
                "remind_at": later + timedelta(minutes=n),
            }
            for n in range(plans)
        ],
        tables.schedules: [
            {"user": new_id(), "template": "weekly-digest", "due_at": later + timedelta(minutes=n)}
            for n in range(plans)
        ],
        tables.unsubscribe_tokens: [
            {"digest": new_id(), "user": new_id(), "topic": "digest", "created_at": now} for n in range(plans)
        ],
        tables.suppressions: [
            {"user": new_id(), "digest": "0" * 64, "reason": "bounced", "created_at": now} for _ in range(1000)
        ],
        tables.preferences: [
            {"user": new_id(), "version": 1, "switches": "{}", "updated_at": now} for _ in range(1000)
        ],
        tables.idempotency_records: [
            {"principal": new_id(), "method": "POST", "key": "k", "fingerprint": "", "created_at": now}
            for _ in range(1000)
        ],
        tables.erased_users: [{"user_id": new_id(), "erased_at": now, "done_at": now} for _ in range(1000)],
    }

    for table, some in rows.items():
        for start in range(0, len(some), _AT_ONCE):
            await add(world, table, some[start : start + _AT_ONCE])
    return people


async def add(world: "World", table: Any, some: list[dict[str, Any]]) -> None:
    """Some rows, in a unit of their own."""

    async def work(unit: UnitOfWork) -> None:
        await unit.connection.execute(insert(table), some)
        if world.database.supports_skip_locked:
            await unit.connection.exec_driver_sql(f"ANALYZE TABLE {table.name}")

    await world.database.run(work, at_most_seconds=60)


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
@figure("size", check=FEW, prove=MANY)
@pytest.mark.timeout(1800)
async def test_every_list_and_every_loop_finds_its_rows_by_an_index(
    world: "World", proof: Proof, size: tuple[int, int, int]
) -> None:
    await fill(world, *size)
    watch = Watch()
    for first in ("/v1/notifications?limit=5", "/v1/notifications?unread=true&limit=5"):
        following = first
        for _ in range(2):
            with watch.during("list"):
                answer = await world.get(following, ANA)
            assert len(answer.json()["items"]) == 5
            following = answer.links["next"]["url"]
    with watch.during("read one"):
        id = answer.json()["items"][0]["id"]
        await world.send("PATCH", f"/v1/notifications/{id}", ANA, {"read": True}, If_Match="*")
    with watch.during("read all"):
        await world.send("POST", "/v1/notifications/read-all", ANA, Idempotency_Key="k")
    with watch.during("preferences"):
        await world.preferences.link(ANA, Template.ACCEPTED, "de")
        await world.preferences.forget_old_links()
        await world.get("/v1/notifications/preferences", ANA)
    with watch.during("plans"):
        await world.reminders.turn()
        await world.weekly.turn()
        async with world.database.read() as connection:
            await world.plans.waiting(connection, ANA, limit=10)
    with watch.during("returns"):
        async with world.database.read() as connection:
            await world.repository.find_sent(connection, "ses-77")
    proof.say(watch.table())
    # What the unread are counted from is at most a thousand entries of an index.
    steps = [step for it in watch.refused for step in it.steps if not step.table.startswith("<derived")]
    mails, _, people = size
    # A page reads its items, and not what lies between: the table holds a hundred times as much. All that somebody has
    # not read is counted, and marked as read, each entry and what is made of it.
    unread = sum(n % people == 0 and n % 5 != 0 and n % 7 == 0 for n in range(mails))
    bound = max(60, 2 * unread + 2)
    most = max(statement.most_reads for statement in watch.statements.values())
    proof.record(
        "EXPLAIN",
        f"every list and loop of notifications among {mails:,} mails to {people:,} people",
        {"statements that scan or sort": 0, f"a statement that reads more than {bound} entries": False},
        {
            "statements that scan or sort": sum(not step.is_by_index for step in steps),
            f"a statement that reads more than {bound} entries": most > bound,
        },
        f"{len(watch.statements)} statements, at most {most} entries read",
    )


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
async def test_what_is_asked_of_one_person_reads_what_is_theirs(world: "World") -> None:
    people = await fill(world, *FEW)
    watch, own = Watch(), Watch()
    with watch.during("trail"):
        async with world.database.read() as connection:
            known = [mail.event_id for mail in await world.repository.page(connection, ANA, **SOME)]
            assert len(await world.repository.caused_by(connection, known, limit=50)) == len(known) == 20
    with own.during("export"):
        rows = await exported(world.client, world.pool.worker_token("skillsync/users.export"), ANA)
    assert (len(rows["inbox"]), len(rows["mails"]), own.refused) == (80, 20, [])
    assert max(statement.most_reads for statement in own.statements.values()) <= 80 + 2
    with watch.during("erase"):
        await world.receive(world.event("user.erased.v1", subject=people[1]))
    with watch.during("acknowledge"):
        headers = {"authorization": f"Bearer {world.pool.worker_token('skillsync/users.erase')}"}
        assert (await world.client.get(f"/internal/erasures/{people[1]}", headers=headers)).status_code == 200
    print(watch.table())  # noqa: T201 - with -s, for people
    steps = [step for it in watch.refused for step in it.steps if not step.table.startswith("<derived")]
    assert [step for step in steps if not step.is_by_index] == []
    # An erasure reads what there is of the person, here a hundred mails and fifty reminders, and changes or deletes it;
    # all else reads its items, and not what lies between.
    most = {"erase": 4 * 100}
    assert [it.text for it in watch.statements.values() if it.most_reads > most.get(it.operation, 60)] == []
