"""What this service hands out of a person: their inbox, the mails sent to them with their fate, and their switches."""

from typing import TYPE_CHECKING

from skillsync_kit.ids import new_id
from skillsync_testing.exports import exported

if TYPE_CHECKING:
    from tests.conftest import World

SCOPE = "skillsync/users.export"


async def test_a_person_gets_what_they_were_told_and_nobody_elses(world: "World") -> None:
    ana, bo = await world.intend(2)
    switches = {
        topic: {"inbox": topic == "account", "mail": True}
        for topic in ("account", "exchanges", "reminders", "digest", "coordination")
    }
    await world.send("PUT", "/v1/notifications/preferences", ana, switches, If_Match="*")
    await world.receive(world.event("transaction.proposed.v1", ana, bo, actor=bo))
    await world.send_all()
    found = await exported(world.client, world.pool.worker_token(SCOPE), ana)
    assert list(found) == ["inbox", "mails", "preferences", "suppressions"]
    assert [(row["template"], row["status"], row["read_at"]) for row in found["inbox"]] == [("receipt", "sent", None)]
    assert [(row["template"], row["status"]) for row in found["mails"]] == [("proposal-received", "sent")]
    assert {row["topic"]: row["inbox"] for row in found["preferences"]} == {
        topic: by["inbox"] for topic, by in switches.items()
    }
    assert found["suppressions"] == []
    # No address, no name and no text is kept here, so none is handed out.
    assert not any(secret in str(found) for secret in ("Secret", "people.example", bo))


async def test_somebody_who_was_told_nothing_has_the_switches_everybody_begins_with(world: "World") -> None:
    found = await exported(world.client, world.pool.worker_token(SCOPE), new_id())
    assert {name: len(rows) for name, rows in found.items()} == {
        "inbox": 0,
        "mails": 0,
        "preferences": 5,
        "suppressions": 0,
    }
