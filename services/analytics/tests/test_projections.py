"""The read model equals a plain sum over the exchanges, however their events come."""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World

Sums = tuple[int, int, int, int]

# Exchanges among four members, by number: gifts, swaps and rings; each a list of (giver, receiver, minutes).
legs = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([15, 60, 6000])).filter(
        lambda leg: leg[0] != leg[1]
    ),
    min_size=1,
    max_size=4,
)


def fold(events: Iterable[Event], user: str) -> Sums:
    """The sums as a reader of all events would write them down with a pencil, each exchange once."""
    exchanges = {event.subject: list(event.data["legs"].values()) for event in events}
    mine = [legs for legs in exchanges.values() if any(user in (leg["giver"], leg["receiver"]) for leg in legs)]
    people = {person for legs in mine for leg in legs for person in (leg["giver"], leg["receiver"])}
    given = sum(leg["minutes"] for legs in mine for leg in legs if leg["giver"] == user)
    received = sum(leg["minutes"] for legs in mine for leg in legs if leg["receiver"] == user)
    return len(mine), given, received, len(people - {user})


async def test_a_swap_counts_for_both(world: "World") -> None:
    ada, bo = new_id(), new_id()
    await world.receive([world.finalized((ada, bo, 60), (bo, ada, 90))])
    assert await world.sums(ada) == (1, 60, 90, 1)
    assert await world.sums(bo) == (1, 90, 60, 1)


async def test_a_ring_counts_each_partner_once(world: "World") -> None:
    ada, bo, cy = new_id(), new_id(), new_id()
    await world.receive([world.finalized((ada, bo, 15), (bo, cy, 30), (cy, ada, 45)), world.finalized((ada, bo, 15))])
    assert await world.sums(ada) == (2, 30, 45, 2)
    assert await world.sums(cy) == (1, 45, 30, 2)


async def test_several_legs_of_one_exchange_add_up_and_count_as_one(world: "World") -> None:
    ada, bo = new_id(), new_id()
    await world.receive([world.finalized((ada, bo, 15), (ada, bo, 30), (bo, ada, 60))])
    assert await world.sums(ada) == (1, 45, 60, 1)


async def test_the_same_event_five_times_counts_once(world: "World") -> None:
    ada, bo = new_id(), new_id()
    await world.receive([world.finalized((ada, bo, 60))] * 5)
    assert await world.sums(ada) == (1, 60, 0, 1)


async def test_an_exchange_told_of_under_another_event_id_counts_once(world: "World") -> None:
    ada, bo = new_id(), new_id()
    event = world.finalized((ada, bo, 60))
    again = Event(new_id(), event.type, event.source, event.subject, event.sequence, event.time, event.data)
    await world.receive([event, again])
    assert await world.sums(bo) == (1, 0, 60, 1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(exchanges=st.lists(legs, min_size=1, max_size=6), data=st.data())
async def test_any_order_with_any_repeats_equals_the_fold(
    world: "World", exchanges: list[list[tuple[int, int, int]]], data: st.DataObject
) -> None:
    members = [new_id() for _ in range(4)]
    events = [world.finalized(*((members[g], members[r], m) for g, r, m in exchange)) for exchange in exchanges]
    repeated = events + data.draw(st.lists(st.sampled_from(events), max_size=6))
    await world.receive(data.draw(st.permutations(repeated)))
    assert [await world.sums(member) for member in members] == [fold(events, member) for member in members]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_deliveries_at_once_to_two_processes_equal_a_clean_run(
    two_worlds: "tuple[World, World]", seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible, guards nothing
    members = [new_id() for _ in range(5)]
    pairs = [chance.sample(members, 2) for _ in range(30)]
    events = [two_worlds[0].finalized((a, b, 60), (b, a, 15 * chance.randint(1, 9))) for a, b in pairs]
    deliveries = [event for event in events for _ in range(chance.randint(1, 5))]
    chance.shuffle(deliveries)
    assert len(deliveries) > len(events)
    await asyncio.gather(*(chance.choice(two_worlds).inbox.receive(event.to_json()) for event in deliveries))
    assert [await two_worlds[0].sums(member) for member in members] == [fold(events, member) for member in members]


async def test_a_failing_effect_leaves_no_trace_so_the_next_delivery_counts(world: "World") -> None:
    ada, bo = new_id(), new_id()
    event = world.finalized((ada, bo, 60))
    count = world.inbox.handlers[event.type]

    async def count_and_fall_over(unit: UnitOfWork, event: Event) -> None:
        await count(unit, event)
        raise RuntimeError("the process falls over here")

    failing = replace(world.inbox, handlers={event.type: count_and_fall_over})
    with pytest.raises(RuntimeError, match="falls over"):
        await failing.receive(event.to_json())
    assert await world.sums(ada) == (0, 0, 0, 0)
    await world.receive([event])
    assert await world.sums(ada) == (1, 60, 0, 1)
