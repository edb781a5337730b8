"""The queue's handlers: one for each type the filter lets through, and statistics that keep no order."""

import asyncio
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import new_id
from skillsync_kit.testing import FixedClock

if TYPE_CHECKING:
    from tests.conftest import World

TEMPLATE = Path(__file__).resolve().parents[3] / "infra" / "templates" / "messaging.yaml"
WITHOUT_EFFECT = ["transaction.proposed.v1", "transaction.accepted.v1", "email.sent.v1", "email.bounced.v1"]
WITHOUT_EFFECT += ["email.complained.v1"]
Leg = tuple[str, str, int]


def event(type: str, data: dict[str, Any], clock: FixedClock) -> Event:
    """An event of another service."""
    return Event(new_id(), type, "/others", new_id(), 4, clock.now(), data)


def finalized(clock: FixedClock, *legs: Leg) -> Event:
    """An exchange that was finalized, with these legs: giver, receiver, minutes."""
    named = {
        str(number): {"giver": giver, "receiver": receiver, "skill": "guitar", "minutes": minutes}
        for number, (giver, receiver, minutes) in enumerate(legs)
    }
    people = sorted({user for giver, receiver, _ in legs for user in (giver, receiver)})
    data = {"author": people[0], "participants": people, "from": "accepted", "to": "finalized", "legs": named}
    return event("transaction.finalized.v1", data, clock)


async def figures(world: "World", user: str) -> dict[str, Any]:
    """A user's statistics over HTTP, without whose they are."""
    answer = await world.get(f"/v1/users/{user}/stats", user)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body.pop("user") == user
    return body


async def test_every_type_the_queues_filter_lets_through_has_a_handler(world: "World") -> None:
    template = TEMPLATE.read_text()
    filtered = template[template.index("  UserSubscription:") :].partition("RedrivePolicy")[0]
    types = [line.strip(" -") for line in filtered.splitlines() if line.strip().startswith("- ")]
    assert len(types) > 5
    assert set(types) <= set(world.inbox.handlers)


async def test_a_swap_counts_for_both(world: "World") -> None:
    ada, bo = await world.member(), await world.member()
    await world.inbox.receive(finalized(world.clock, (ada, bo, 60), (bo, ada, 90)).to_json())
    sums = {"finalized": 1, "partners": 1, "as_of": "2030-01-01T12:00:00Z"}
    assert await figures(world, ada) == {**sums, "minutes_given": 60, "minutes_received": 90}
    assert await figures(world, bo) == {**sums, "minutes_given": 90, "minutes_received": 60}


async def test_in_a_ring_everyone_else_is_a_partner_and_partners_count_once(world: "World") -> None:
    ada, bo, cy = [await world.member() for _ in range(3)]
    await world.inbox.receive(finalized(world.clock, (ada, bo, 15), (bo, cy, 15), (cy, ada, 15)).to_json())
    await world.inbox.receive(finalized(world.clock, (ada, bo, 30)).to_json())
    assert (await figures(world, ada))["partners"] == 2
    assert (await figures(world, ada))["finalized"] == 2
    assert (await figures(world, cy))["minutes_given"] == 15


async def test_duplicated_shuffled_and_simultaneous_deliveries_equal_a_clean_run(
    world: "World", other_process: "World"
) -> None:
    seed = random.randrange(10**9)  # noqa: S311 - no secret
    dice = random.Random(seed)  # noqa: S311 - no secret
    clean, disturbed = [[await world.member() for _ in range(4)] for _ in range(2)]
    scripts: tuple[list[Event], list[Event]] = ([], [])
    for hour in range(24):
        giver, receiver = dice.sample(range(4), 2)
        minutes = dice.randrange(15, 600, 15)
        clock = FixedClock()
        clock.advance(hours=hour)
        for people, script in zip((clean, disturbed), scripts, strict=True):
            script.append(finalized(clock, (people[giver], people[receiver], minutes)))
    for told in scripts[0]:
        await world.inbox.receive(told.to_json())
    deliveries = [told for told in scripts[1] for _ in range(dice.randint(1, 5))]
    dice.shuffle(deliveries)
    for start in range(0, len(deliveries), 6):
        batch = deliveries[start : start + 6]
        await asyncio.gather(*(dice.choice((world, other_process)).inbox.receive(told.to_json()) for told in batch))
    expected = [await figures(world, user) for user in clean]
    assert [await figures(world, user) for user in disturbed] == expected, f"seed {seed}"
    assert sum(sums["finalized"] for sums in expected) == 48


@pytest.mark.parametrize("type", WITHOUT_EFFECT)
async def test_what_nothing_follows_from_is_taken_off_the_queue_and_changes_no_figure(
    world: "World", type: str
) -> None:
    ada = await world.member()
    before = await figures(world, ada)
    await world.inbox.receive(event(type, {"recipient": ada, "participants": [ada]}, world.clock).to_json())
    assert await figures(world, ada) == before


@pytest.mark.parametrize("legs", [None, {}, {"a": {"giver": "x", "receiver": "y", "minutes": 15}}])
async def test_an_exchange_that_cannot_be_read_is_refused_and_leaves_nothing(world: "World", legs: Any) -> None:
    unreadable = event("transaction.finalized.v1", {"legs": legs}, world.clock)
    for _ in range(2):
        with pytest.raises(UnreadableEvent, match=r"data\.legs"):
            await world.inbox.receive(unreadable.to_json())
