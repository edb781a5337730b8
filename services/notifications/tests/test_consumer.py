"""Which event tells whom by which mail; and each event counts once, however often it is delivered."""

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skillsync_kit.events import UnreadableEvent
from skillsync_kit.ids import new_id
from skillsync_notifications.entities import Hours

if TYPE_CHECKING:
    from tests.conftest import World

TEMPLATE = Path(__file__).resolve().parents[3] / "infra" / "templates" / "messaging.yaml"
ANA, BO, CLEO = sorted(new_id() for _ in range(3))


def types_of_the_filter() -> set[str]:
    """The types that the subscription of `notification-queue` lets through."""
    _, _, subscription = TEMPLATE.read_text().partition("\n  NotificationSubscription:\n")
    policy = re.search(r"FilterPolicy:\n\s+type:\n((?:\s+- \S+\n)+)", subscription)
    assert policy is not None
    return set(re.findall(r"- (\S+)", policy.group(1)))


async def intents(world: "World") -> list[tuple[str, str]]:
    return sorted((row.recipient, row.template) for row in await world.mails())


async def test_there_is_a_handler_for_each_type_and_none_besides(world: "World") -> None:
    assert set(world.inbox.handlers) == types_of_the_filter()


@pytest.mark.parametrize(
    ("type", "template", "recipients"),
    [
        ("transaction.proposed.v1", "proposal-received", [BO, CLEO]),
        ("transaction.revised.v1", "proposal-changed", [BO, CLEO]),
        ("transaction.accepted.v1", "accepted", [BO, CLEO]),
        ("transaction.confirmed.v1", "confirmed", [BO, CLEO]),
        ("transaction.declined.v1", "declined", [BO, CLEO]),
        ("transaction.cancelled.v1", "cancelled", [BO, CLEO]),
        ("transaction.finalized.v1", "receipt", [ANA, BO, CLEO]),
    ],
)
async def test_the_actor_is_told_by_receipt_alone(
    world: "World", type: str, template: str, recipients: list[str]
) -> None:
    event = world.event(type, ANA, BO, CLEO, actor=ANA)
    await world.receive(event)
    assert await intents(world) == [(recipient, template) for recipient in recipients]
    assert {(row.event_id, row.subject, row.actor, row.status) for row in await world.mails()} == {
        (event.id, event.subject, ANA, "pending")
    }
    assert {(row.traceparent, row.correlation_id) for row in await world.mails()} == {(event.traceparent, "flow-1")}


async def test_what_the_system_does_is_told_to_everybody(world: "World") -> None:
    await world.receive(world.event("transaction.confirmed.v1", ANA, BO, actor=None))
    assert await intents(world) == [(ANA, "confirmed"), (BO, "confirmed")]


async def test_what_time_ends_is_told_to_everybody(world: "World") -> None:
    await world.receive(world.event("transaction.expired.v1", ANA, BO, CLEO, actor=None))
    assert await intents(world) == [(ANA, "expired"), (BO, "expired"), (CLEO, "expired")]


async def test_a_soft_limit_is_told_to_the_accounts_owner_whoever_crossed_it(world: "World") -> None:
    for actor in (ANA, BO):
        await world.receive(world.event("account.soft_limit_crossed.v1", subject=ANA, actor=actor, data={"to": -330}))
    assert await intents(world) == [(ANA, "soft-limit")] * 2


async def test_a_new_member_is_welcomed(world: "World") -> None:
    await world.receive(world.event("user.created.v1", subject=ANA, data={}))
    assert await intents(world) == [(ANA, "welcome")]


async def test_every_other_event_tells_nobody(world: "World") -> None:
    telling = ("proposed", "revised", "accepted", "confirmed", "finalized", "declined", "cancelled", "expired")
    silent = types_of_the_filter() - {f"transaction.{name}.v1" for name in telling}
    silent -= {"user.created.v1", "account.soft_limit_crossed.v1"}
    assert len(silent) == 10
    data = {"owner": ANA, "kind": "offer", "skill": "guitar", "to": "active", "participants": [ANA, BO]}
    subjects = {type: ANA if type.startswith("user") else new_id() for type in silent}
    await world.receive(*(world.event(type, data=data, subject=subjects[type]) for type in sorted(silent)))
    assert await intents(world) == []


async def test_an_event_delivered_five_times_is_one_intent(world: "World") -> None:
    event = world.event("transaction.finalized.v1", ANA, BO)
    await world.receive(*[event] * 5)
    assert await intents(world) == [(ANA, "receipt"), (BO, "receipt")]


async def test_an_event_delivered_to_two_processes_at_once_is_one_intent(two_worlds: "tuple[World, World]") -> None:
    events = [two_worlds[0].event("transaction.finalized.v1", ANA, BO) for _ in range(4)]
    await asyncio.gather(*(world.receive(event) for event in events for world in two_worlds * 3))
    assert sorted(row.event_id for row in await two_worlds[0].mails()) == sorted([event.id for event in events] * 2)


@pytest.mark.parametrize(
    "data", [{}, {"participants": []}, {"participants": ["no id"]}, {"participants": "x"}, {"participants": [ANA] * 9}]
)
async def test_an_event_without_readable_participants_is_left_to_the_dead_letter_queue(
    world: "World", data: dict[str, object]
) -> None:
    event = world.event("transaction.finalized.v1", data=data)
    with pytest.raises(UnreadableEvent, match="participants"):
        await world.receive(event)
    assert await intents(world) == []
    # Nothing remembers it: once it can be read, it counts.
    await world.receive(world.event("transaction.finalized.v1", ANA, id=event.id))
    assert await intents(world) == [(ANA, "receipt")]


@pytest.mark.parametrize("type", ["user.created.v1", "account.soft_limit_crossed.v1"])
async def test_an_event_about_no_user_is_unreadable(world: "World", type: str) -> None:
    with pytest.raises(UnreadableEvent, match="subject"):
        await world.receive(world.event(type, subject="nobody", data={}))


@pytest.mark.parametrize("name", ["declined", "cancelled", "expired"])
async def test_an_end_is_sent_as_the_transactions_service_tells_it(world: "World", name: str) -> None:
    await world.receive(world.event(f"transaction.{name}.v1", ANA, BO, actor=ANA if name != "expired" else None))
    await world.send_all()
    assert {row.status for row in await world.mails()} == {"sent"}
    subjects = {letter.subject for letter in world.mailbox.letters}
    words = {"declined": "Declined", "cancelled": "Called off", "expired": "Expired"}
    assert subjects == {f"{words[name]}: Secret Title"}


async def test_a_soft_limit_tells_the_figures_of_the_account(world: "World") -> None:
    world.exchanges.accounts[ANA] = Hours(balance=-300, available=-330, floor=-600)
    await world.receive(world.event("account.soft_limit_crossed.v1", subject=ANA, actor=BO, data={}))
    await world.send_all()
    assert [letter.subject for letter in world.mailbox.letters] == ["Your hours are running low"]
    assert "  Available: -5 hr 30 min\n  Limit: -10 hr\n" in world.mailbox.letters[0].text
