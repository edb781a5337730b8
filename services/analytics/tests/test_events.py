"""The consumer's own model is tolerant of what it does not need, and strict in what it does."""

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.events import UnreadableEvent
from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


async def test_unknown_fields_are_passed_over(world: "World") -> None:
    ada, bo = new_id(), new_id()
    event = world.finalized((ada, bo, 60), mood="sunny", settlement="shells")
    envelope = json.loads(event.to_json()) | {"colour": "blue"}
    envelope["data"]["legs"]["0"]["stars"] = 5
    await world.inbox.receive(json.dumps(envelope))
    assert await world.sums(ada) == (1, 60, 0, 1)


async def test_only_legs_are_needed_of_the_data(world: "World") -> None:
    ada, bo = new_id(), new_id()
    event = world.finalized((ada, bo, 30))
    leg = {"giver": ada, "receiver": bo, "minutes": 30}
    await world.receive([dataclasses.replace(event, data={"legs": {"a": leg}})])
    assert await world.sums(bo) == (1, 0, 30, 1)


@pytest.mark.parametrize(
    "legs",
    [
        None,
        {},
        [],
        {"a": {"giver": "nobody", "receiver": "0190c5d4-8f6e-7000-8000-000000000002", "minutes": 15}},
        {"a": {"giver": "0190c5d4-8f6e-7000-8000-000000000002", "minutes": 15}},
        {
            "a": {
                "giver": "0190c5d4-8f6e-7000-8000-000000000001",
                "receiver": "0190c5d4-8f6e-7000-8000-000000000002",
                "minutes": -15,
            }
        },
    ],
    ids=["missing", "none", "no map", "no id", "no receiver", "negative"],
)
async def test_an_exchange_that_cannot_be_counted_is_refused_and_leaves_no_trace(world: "World", legs: Any) -> None:
    event = dataclasses.replace(world.finalized(), data={} if legs is None else {"legs": legs})
    # Twice: a refusal must not count as handled, or the message would be lost and not end in the dead-letter queue.
    for _ in range(2):
        with pytest.raises(UnreadableEvent, match="legs"):
            await world.receive([event])
