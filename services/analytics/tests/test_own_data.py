"""What this service hands out of a person: their own figures, and what each exchange adds to them."""

from typing import TYPE_CHECKING

from skillsync_kit.ids import new_id
from skillsync_testing.exports import exported

if TYPE_CHECKING:
    from tests.conftest import World

SCOPE = "skillsync/users.export"


async def test_a_persons_rows_are_their_own_and_add_up_to_their_figures(world: "World") -> None:
    ada, bo, cy = new_id(), new_id(), new_id()
    events = [world.finalized((ada, bo, 15)) for _ in range(101)]
    await world.receive([*events, world.finalized((bo, cy, 60))])
    found = await exported(world.client, world.pool.worker_token(SCOPE), ada)
    assert found["figures"] == [{"finalized": 101, "minutes_given": 1515, "minutes_received": 0, "partners": 1}]
    assert [row["transaction"] for row in found["exchanges"]] == sorted(event.subject for event in events)
    assert sum(row["minutes_given"] for row in found["exchanges"]) == 1515
    assert not any(other in str(found) for other in (bo, cy))
