"""The read model built anew by the same projections: equal, and repaired when it was damaged."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from skillsync_analytics.tables import member_exchanges
from skillsync_kit.clock import SystemClock
from skillsync_kit.events import Event
from skillsync_kit.ids import new_id
from skillsync_kit.replay import Replay, Result

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


async def test_the_same_events_make_the_same_model_and_a_damaged_one_is_repaired(empty_world: "World") -> None:
    world, (ada, bo, cleo) = empty_world, (new_id(), new_id(), new_id())
    events = [world.finalized((ada, bo, 60), (bo, ada, 90)), world.finalized((bo, cleo, 15))]
    others = [Event(new_id(), "user.created.v1", "/users", new_id(), 1, events[0].time, {})]
    await world.receive([*events, *others])
    before = [await world.figures(person) for person in (ada, bo, cleo)]
    seen = await replayed(world, [*events, *others], apply=False)
    assert seen.comparison.is_equal
    assert (seen.only_rebuilt, seen.only_live) == (0, 0)
    late = world.finalized((cleo, ada, 30))
    await world.receive([late])

    damage = update(member_exchanges).where(member_exchanges.c.user_id == ada).values(minutes_given=1)
    await world.database.run(lambda unit: unit.connection.execute(damage))
    damaged = await replayed(world, [*events, *others, late], apply=True)
    # The late one gave her nothing: her minutes given there were damaged as well.
    assert {difference.key["user_id"] for difference in damaged.comparison.differences} == {ada}
    assert damaged.is_applied
    assert await world.sums(ada) == (2, 60, 120, 2)
    assert [await world.figures(bo)] == before[1:2]
    assert (await replayed(world, [*events, *others, late], apply=False)).comparison.is_equal
