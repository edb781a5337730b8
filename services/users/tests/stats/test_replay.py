"""The read model of statistics built anew by the same handlers: equal, and repaired when it was damaged."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, update

from skillsync_kit.clock import SystemClock
from skillsync_kit.events import Event
from skillsync_kit.ids import new_id
from skillsync_kit.replay import Replay, Result
from skillsync_users import tables

if TYPE_CHECKING:
    from tests.conftest import World


class Exported:
    """A producer that exports these events."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = sorted(events, key=lambda event: event.id)

    async def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Any:
        """See replay.Producer."""
        after, limit = dict(query).get("after", ""), int(dict(query)["limit"])
        return {"items": [json.loads(event.to_json()) for event in self.events if event.id > after][:limit]}


async def replayed(world: "World", events: Sequence[Event], *, apply: bool) -> Result:
    """What a replay of these events found."""
    job = Replay(world.database, world.rebuild, SystemClock())
    await job.begin(None, None, afresh=False)
    await job.feed("transactions", Exported(events))
    return await job.finish(apply=apply)


def finalized(world: "World", giver: str, receiver: str, minutes: int) -> Event:
    """The event of a finalized gift."""
    leg = {"giver": giver, "receiver": receiver, "skill": "guitar", "minutes": minutes}
    world.clock.advance(minutes=1)
    data = {"legs": {"a": leg}}
    return Event(new_id(), "transaction.finalized.v1", "/transactions", new_id(), 4, world.clock.now(), data)


async def test_the_same_events_make_the_same_model_and_a_damaged_one_is_repaired(empty_world: "World") -> None:
    world = empty_world
    ada, bo = await world.member(), await world.member()
    events = [finalized(world, ada, bo, 60), finalized(world, bo, ada, 15), finalized(world, ada, bo, 30)]
    # Not in the order in which they are replayed.
    for event in reversed(events):
        await world.inbox.receive(event.to_json())
    intact = (await world.get(f"/v1/users/{ada}/stats", ada)).json()
    assert (await replayed(world, events, apply=False)).comparison.is_equal
    await world.database.run(
        lambda unit: unit.connection.execute(update(tables.statistics).values(finalized=7, as_of=world.clock.now()))
    )
    await world.database.run(lambda unit: unit.connection.execute(delete(tables.partners)))
    damaged = await replayed(world, events, apply=True)
    assert [model.differing for model in damaged.comparison.models] == [2, 2]
    assert damaged.is_applied
    assert (await world.get(f"/v1/users/{ada}/stats", ada)).json() == intact
    assert (await replayed(world, events, apply=False)).comparison.is_equal
