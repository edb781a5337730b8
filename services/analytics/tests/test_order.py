"""However the events of a community are shuffled, doubled and delayed, every measure equals that of a clean run."""

from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from skillsync_analytics.entities.measures import MEASURES
from skillsync_analytics.tables import models
from skillsync_testing.proofs import Proof, figure

from .community import Community, deliveries, make_community

if TYPE_CHECKING:
    from tests.conftest import World

_RANGES = {"day": "2029-10-15", "week": "2029-09-10", "month": "2029-09-10"}


async def everything(world: "World", made: Community) -> dict[str, Any]:
    """Every answer there is, by its path; each member's own figures; and every row of the read model."""
    seen: dict[str, Any] = {}
    for measure in MEASURES.values():
        paths = [f"/{measure.name}?interval={by}&from={_RANGES[by]}" for by in measure.intervals] or [
            f"/{measure.name}"
        ]
        for path in paths:
            answer = await world.ask(path)
            assert answer.status_code == 200, answer.text
            seen[path] = answer.json()
    for person in made.people:
        seen[person] = await world.figures(person)
    async with world.database.read() as connection:
        for table in models():
            rows = await connection.execute(select(table).order_by(*table.primary_key.columns))
            seen[table.name] = [tuple(row) for row in rows]
    return seen


async def compare(world: "World", dice: Random, people: int, exchanges: int) -> tuple[int, list[str], dict[str, Any]]:
    """How many deliveries a made-up community's events came in, what differs from a clean run, and the clean run."""
    made = make_community(dice, people, exchanges)
    await world.forget()
    await world.deliver(made.events)
    clean = await everything(world, made)
    await world.forget()
    delivered = deliveries(dice, made.events)
    await world.deliver(delivered)
    other = await everything(world, made)
    return len(delivered), [name for name in clean if clean[name] != other[name]], clean


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), people=st.integers(3, 12), exchanges=st.integers(1, 30))
async def test_the_order_of_events_shows_in_no_figure(world: "World", seed: int, people: int, exchanges: int) -> None:
    _, differing, _ = await compare(world, Random(seed), people, exchanges)  # noqa: S311 - reproducible
    assert differing == []


@figure("size", check=(40, 300), prove=(200, 5000))
@pytest.mark.timeout(1200)
async def test_a_community_in_disorder_is_the_same_community(
    empty_world: "World", proof: Proof, size: tuple[int, int]
) -> None:
    delivered, differing, clean = await compare(empty_world, proof.random, *size)
    paths = [name for name in clean if name.startswith("/")]
    told = [
        name for name in paths if any(any(v for k, v in row.items() if k != "start") for row in clean[name]["rows"])
    ]
    proof.record(
        "7",
        f"measures of {size[0]} people and {size[1]:,} exchanges, shuffled, doubled and delayed",
        {"differing": 0, "measures that tell something": len(paths)},
        {"differing": len(differing), "measures that tell something": len(told)},
        f"{delivered:,} deliveries",
    )
