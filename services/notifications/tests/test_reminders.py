"""Reminders: planned from events, one mail each, and none about what has moved."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import new_id
from skillsync_notifications import tables
from skillsync_notifications.entities import Contact, Letter, Mail, WatchedOffering

if TYPE_CHECKING:
    from tests.conftest import World

DAY = 86_400


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What mails told of, beside their words."""
    if "world" not in request.fixturenames:
        return
    world: World = request.getfixturevalue("world")
    templates = world.delivery._desk.templates
    write = templates.write

    def written(mail: Mail, contact: Contact, matter: Any, *arguments: Any, **options: Any) -> Letter:
        world.written.append((mail.template.value, matter))
        return write(mail, contact, matter, *arguments, **options)

    monkeypatch.setattr(templates, "write", written)


def told(world: "World", name: str, *people: str, days: float | None = None, **changes: Any) -> Event:
    """A transaction's event whose deadline is so many days away."""
    end = (world.clock.now() + timedelta(days=days)).isoformat() if days is not None else None
    deadline = "finalizes_at" if name == "confirmed" else "expires_at"
    data = {"participants": list(people), "terms_rev": 1, deadline: end, **changes.pop("data", {})}
    return world.event(f"transaction.{name}.v1", actor=people[0], data=data, time=world.clock.now(), **changes)


async def due(world: "World") -> list[tuple[str, datetime]]:
    """What is planned, the next one first."""
    async with world.database.read() as connection:
        rows = await connection.execute(select(tables.reminders).order_by(tables.reminders.c.due_at))
        return [(row.template, row.due_at) for row in rows]


async def pass_days(world: "World", days: float) -> None:
    """Let time pass, and what it brings be sent."""
    world.clock.advance(seconds=days * DAY)
    while await world.reminders.turn():
        pass
    await world.send_all()


async def fates(world: "World", template: str) -> list[tuple[str, str]]:
    return [(row.recipient, row.status) for row in await world.mails() if row.template == template]


async def test_who_has_not_answered_is_reminded_three_days_before_a_proposal_ends(world: "World") -> None:
    ana, bo, cleo = new_id(), new_id(), new_id()
    event = told(world, "proposed", ana, bo, cleo, days=14)
    await world.receive(event)
    world.exchanges.changes[event.subject] = {
        "state": "proposed",
        "terms_rev": 1,
        "accepted_by": frozenset({ana, cleo}),
    }
    await pass_days(world, 10.9)
    assert await fates(world, "proposal-reminder") == []
    await pass_days(world, 0.2)
    assert sorted(await fates(world, "proposal-reminder")) == sorted([(bo, "sent"), (cleo, "dropped")])
    assert await due(world) == []
    items = {who: (await world.get("/v1/notifications", who)).json()["items"] for who in (bo, cleo)}
    assert [item["template"] for item in items[bo]] == ["proposal-reminder", "proposal-received"]
    # It died silently.
    assert [item["template"] for item in items[cleo]] == ["proposal-received"]


@pytest.mark.parametrize(
    "moved",
    [
        {"state": "accepted", "terms_rev": 1},
        {"state": "cancelled", "terms_rev": 1},
        {"state": "proposed", "terms_rev": 2},
        {"state": ""},
    ],
)
async def test_what_has_moved_reminds_nobody(world: "World", moved: dict[str, Any]) -> None:
    event = told(world, "proposed", new_id(), new_id(), days=14)
    await world.receive(event)
    await world.send_all()
    world.exchanges.changes[event.subject] = moved
    letters = len(world.mailbox.letters)
    await pass_days(world, 12)
    assert [status for _, status in await fates(world, "proposal-reminder")] == ["dropped"]
    assert len(world.mailbox.letters) == letters


async def test_a_short_proposal_is_not_reminded_of(world: "World") -> None:
    await world.receive(told(world, "proposed", new_id(), new_id(), days=3.5))
    assert await due(world) == []


async def test_events_of_earlier_releases_plan_nothing(world: "World") -> None:
    event = told(world, "proposed", new_id(), new_id())
    await world.receive(event, world.event("transaction.accepted.v1", new_id()))
    assert await due(world) == []


async def test_an_agreed_exchange_is_reminded_of_a_week_before_it_expires(world: "World") -> None:
    ana, bo = new_id(), new_id()
    event = told(world, "accepted", ana, bo, days=30)
    await world.receive(event)
    world.exchanges.changes[event.subject] = {"state": "accepted", "terms_rev": 1}
    await pass_days(world, 23)
    assert sorted(await fates(world, "expiry-reminder")) == sorted([(ana, "sent"), (bo, "sent")])


async def test_the_silent_are_warned_after_seven_and_twelve_days_and_each_once(world: "World") -> None:
    ana, bo, cleo = new_id(), new_id(), new_id()
    first = told(world, "confirmed", ana, bo, cleo, days=14)
    end = first.data["finalizes_at"]
    world.exchanges.changes[first.subject] = {
        "state": "accepted",
        "terms_rev": 1,
        "confirmed_by": frozenset({ana}),
    }
    await world.receive(first)
    assert [at - world.clock.now() for _, at in await due(world)] == [timedelta(days=n) for n in (7, 7, 12, 12)]
    await pass_days(world, 8)
    # Another confirms: whatever is planned anew for the same days is the same.
    second = told(world, "confirmed", cleo, ana, bo, subject=first.subject, data={"finalizes_at": end})
    world.exchanges.changes[first.subject]["confirmed_by"] = frozenset({ana, cleo})
    await world.receive(second)
    await pass_days(world, 4.5)
    sent = [who for who, status in await fates(world, "confirm-reminder") if status == "sent"]
    assert sorted(sent) == sorted([bo, cleo, bo])
    assert ana not in sent


async def test_a_replay_never_reminds_again(world: "World") -> None:
    bo = new_id()
    event = told(world, "proposed", new_id(), bo, days=14)
    world.exchanges.changes[event.subject] = {"state": "proposed", "terms_rev": 1}
    await world.receive(event, event)
    await pass_days(world, 12)
    # Even when nobody remembers that the event was handled.
    await world.receive(replace(event, id=new_id()))
    assert len(await due(world)) == 1
    await pass_days(world, 1)
    assert await fates(world, "proposal-reminder") == [(bo, "sent")]


async def test_two_schedulers_at_once_make_one_mail_of_each(two_worlds: "tuple[World, World]") -> None:
    first, _ = two_worlds
    people = [new_id() for _ in range(6)]
    for _ in range(10):
        await first.receive(told(first, "proposed", *people, days=14))
    first.clock.advance(seconds=12 * DAY)
    await asyncio.gather(*(world.reminders.turn() for world in two_worlds * 3))
    assert len(await fates(first, "proposal-reminder")) == 50
    assert await due(first) == []


# --- offerings ---


def offering(world: "World", name: str, owner: str, sequence: int, days: float | None, **changes: Any) -> Event:
    end = (world.clock.now() + timedelta(days=days)).isoformat() if days is not None else None
    to = {"paused": "paused", "fulfilled": "fulfilled", "expired": "expired"}.get(name, "active")
    data = {"owner": owner, "kind": "offer", "skill": "guitar", "to": to, "expires_at": end}
    event = world.event(
        f"offering.{name}.v1", actor=owner, data=data, sequence=sequence, time=world.clock.now(), **changes
    )
    ends = datetime.fromisoformat(end) if end and to == "active" else None
    world.members.offerings[event.subject] = WatchedOffering(event.subject, owner, "offer", "guitar", sequence, ends)
    return event


async def test_an_owner_is_told_a_week_before_an_offering_expires_and_once(world: "World") -> None:
    ana = new_id()
    event = offering(world, "published", ana, 1, 30)
    await world.receive(event)
    await pass_days(world, 22.9)
    assert await fates(world, "offering-expires") == []
    await pass_days(world, 0.2)
    await pass_days(world, 1)
    assert await fates(world, "offering-expires") == [(ana, "sent")]
    (mail,) = await world.mails()
    assert mail.subject == event.subject
    ((_, matter),) = world.written
    assert (matter.id, matter.skill, matter.kind) == (event.subject, "guitar", "offer")


@pytest.mark.parametrize("name", ["paused", "fulfilled", "expired", "changed"])
async def test_the_newest_word_on_an_offering_counts_in_any_order(world: "World", name: str) -> None:
    ana = new_id()
    first = offering(world, "published", ana, 1, 30)
    # Renewed, or gone: either way nothing is due on the first day.
    second = offering(world, name, ana, 2, 90, subject=first.subject)
    for events in ([first, second], [second, first]):
        await world.receive(*events)
    await pass_days(world, 24)
    assert await fates(world, "offering-expires") == []
    await pass_days(world, 60)
    assert len(await fates(world, "offering-expires")) == (1 if name == "changed" else 0)


async def test_an_offering_that_was_renewed_while_its_mail_waited_is_not_told_of(world: "World") -> None:
    ana = new_id()
    event = offering(world, "published", ana, 1, 30)
    await world.receive(event)
    world.clock.advance(seconds=24 * DAY)
    await world.reminders.turn()
    await world.receive(offering(world, "changed", ana, 2, 90, subject=event.subject))
    await world.send_all()
    assert await fates(world, "offering-expires") == [(ana, "dropped")]


@pytest.mark.parametrize("is_gone", [True, False])
async def test_what_no_event_has_told_yet_is_found_when_the_mail_is_written(world: "World", is_gone: bool) -> None:
    ana = new_id()
    event = offering(world, "published", ana, 1, 30)
    await world.receive(event)
    if is_gone:
        del world.members.offerings[event.subject]
    else:
        offering(world, "paused", ana, 2, 30, subject=event.subject)
    await pass_days(world, 23.1)
    assert await fates(world, "offering-expires") == [(ana, "dropped")]


async def test_an_offering_without_an_end_is_never_told_of(world: "World") -> None:
    await world.receive(offering(world, "published", new_id(), 1, None))
    await pass_days(world, 1000)
    assert await world.mails() == []


async def test_a_deadline_that_cannot_be_read_goes_to_the_dead_letter_queue(world: "World") -> None:
    with pytest.raises(UnreadableEvent, match="expires_at"):
        await world.receive(told(world, "proposed", new_id(), data={"expires_at": "soon"}))
    assert await world.mails() == []
