"""An offering's life over HTTP: fulfilled, expired, renewed; and nobody waits for the sweeper to be told the truth."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.ids import new_id
from skillsync_users.offerings.entities import Offering

if TYPE_CHECKING:
    from tests.conftest import World


@pytest.fixture
async def ada(world: "World") -> str:
    """A member."""
    return await world.member()


async def listed(world: "World", by: str, query: str) -> list[str]:
    """The ids on the first page of a list."""
    return [item["id"] for item in (await world.get(f"/v1/offerings?{query}", by)).json()["items"]]


async def renewed(world: "World", id: str, by: str, **more: Any) -> Any:
    """POST a renewal."""
    return await world.send("POST", f"/v1/offerings/{id}/renew", by, **more)


async def told(world: "World", id: str) -> list[tuple[str, str | None, str | None, str]]:
    """The events of an offering."""
    return [(event.type, event.actor, event.data["from"], event.data["to"]) for event in await world.events(id)]


async def test_a_fulfilled_offering_is_its_owners_alone_and_ended(world: "World", ada: str) -> None:
    bo, id = await world.member(), await world.offering(ada)
    path = f"/v1/offerings/{id}"
    answer = await world.patch(path, ada, {"status": "fulfilled"})
    assert (answer.status_code, answer.json()["status"]) == (200, "fulfilled")
    assert (await world.get(path, bo)).status_code == 404
    assert (await renewed(world, id, bo)).status_code == 404
    for change in ({"status": "active"}, {"text": "x"}, {"expires_at": "2030-02-01T12:00:00Z"}):
        refused = await world.patch(path, ada, change, 2)
        assert (refused.status_code, refused.json()["code"]) == (409, "offering-ended")
    assert (await world.patch(path, ada, {"status": "fulfilled"}, 2)).json()["version"] == 2
    await world.offering(ada)
    assert (await told(world, id))[-1] == ("offering.fulfilled.v1", ada, "active", "fulfilled")


@pytest.mark.parametrize(
    ("expires_at", "detail"),
    [
        ("2030-01-02T11:59:59Z", "must be between 1 and 365 days ahead"),
        ("2031-01-01T12:00:01Z", "must be between 1 and 365 days ahead"),
        ("2030-02-01T12:00:00", "timezone"),
        (1900000000, "moment such as"),
        ("0001-01-01T00:00:00+14:00", "calendar"),
    ],
)
async def test_an_end_out_of_range_is_named(world: "World", ada: str, expires_at: object, detail: str) -> None:
    path = f"/v1/offerings/{await world.offering(ada, kind='want')}"
    for answer in (
        await world.publish(ada, expires_at=expires_at),
        await world.patch(path, ada, {"expires_at": expires_at}),
    ):
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["pointer"]) == (422, "/expires_at")
        assert detail in error["detail"]


async def test_a_member_may_say_until_when(world: "World", ada: str) -> None:
    answer = await world.publish(ada, expires_at="2030-01-31T13:00:00.1234+01:00")
    assert answer.json()["expires_at"] == "2030-01-31T12:00:00.123000Z"
    path = f"/v1/offerings/{answer.json()['id']}"
    changed = await world.patch(path, ada, {"expires_at": "2030-03-01T12:00:00Z"})
    assert changed.json()["expires_at"] == "2030-03-01T12:00:00Z"
    assert (await world.patch(path, ada, {"expires_at": None}, 2)).status_code == 422
    assert (await world.patch(path, ada, {"status": "expired"}, 2)).status_code == 422
    event = (await world.events(answer.json()["id"]))[-1]
    assert (event.type, event.data["expires_at"]) == ("offering.changed.v1", "2030-03-01T12:00:00Z")


async def test_past_its_time_nobody_is_shown_it_as_active_and_the_sweeper_changes_nothing_of_that(
    world: "World", ada: str
) -> None:
    bo, id, word = await world.member(), await world.offering(ada, expires_at="2030-01-03T12:00:00Z"), new_id()
    path = f"/v1/offerings/{id}"
    await world.patch(path, ada, {"text": word})
    await world.patch("/v1/users/me", ada, {"about": word})
    assert len((await world.get(f"/v1/users?skill=guitar&q={word}", bo)).json()["items"]) == 1
    world.clock.advance(days=1, hours=23)
    await world.sweep()
    assert await listed(world, bo, f"q={word}") == [id]
    world.clock.advance(hours=1)
    before = await world.get(path, ada)
    assert (before.json()["status"], before.headers["etag"]) == ("expired", '"3"')
    assert (await world.get(path, bo)).status_code == 404
    assert (await world.patch(path, bo, {"text": "x"}, 3)).status_code == 404
    assert await listed(world, bo, f"q={word}") == []
    assert (await world.get(f"/v1/offerings?owner=me&q={word}", ada)).json()["items"][0] == before.json()
    assert await listed(world, bo, "skill=guitar&kind=offer&owner=" + ada) == []
    assert (await world.get(f"/v1/users?skill=guitar&q={word}", bo)).json()["items"] == []
    assert (await world.patch(path, ada, {"text": "x"}, 3)).json()["code"] == "offering-ended"
    assert (await told(world, id))[-1][0] == "offering.changed.v1"
    await world.sweep()
    after = await world.get(path, ada)
    assert (after.json(), after.headers["etag"]) == (before.json(), '"3"')
    assert (await told(world, id))[-1] == ("offering.expired.v1", None, "active", "expired")


async def test_one_past_its_time_makes_room_before_any_sweeper(world: "World", ada: str) -> None:
    old = await world.offering(ada)
    world.clock.advance(days=180)
    new = await world.offering(ada)
    assert (await told(world, old))[-1][0] == "offering.expired.v1"
    refused = await renewed(world, old, ada)
    assert (refused.status_code, refused.json()["code"]) == (409, "offering-exists")
    assert (await world.send("DELETE", f"/v1/offerings/{new}", ada, if_match=1)).status_code == 204
    assert (await renewed(world, old, ada)).json()["status"] == "active"


@pytest.mark.parametrize("status", ["active", "paused", "fulfilled", "expired"])
async def test_one_click_renews_whatever_became_of_it_and_a_second_one_changes_nothing(
    world: "World", ada: str, status: str
) -> None:
    id = await world.offering(ada, expires_at="2030-02-01T12:00:00Z")
    if status == "expired":
        world.clock.advance(days=60)
    elif status != "active":
        await world.patch(f"/v1/offerings/{id}", ada, {"status": status})
    answer = await renewed(world, id, ada, key="once")
    ends = "2030-08-29T12:00:00Z" if status == "expired" else "2030-06-30T12:00:00Z"
    assert (answer.status_code, answer.json()["status"], answer.json()["expires_at"]) == (200, "active", ends)
    again = await renewed(world, id, ada, key="once")
    assert (again.text, again.headers["idempotent-replayed"]) == (answer.text, "true")
    another = await renewed(world, id, ada)
    assert (another.status_code, another.json()) == (200, answer.json())
    kinds = [type for type, *_ in await told(world, id)]
    assert kinds.count("offering.changed.v1") == 1
    assert (await told(world, id))[-1] == ("offering.changed.v1", ada, status, "active")
    if status == "expired":
        assert kinds.count("offering.expired.v1") == 1


async def test_renewing_is_its_active_owners_alone(world: "World", ada: str) -> None:
    bo, id = await world.member(), await world.offering(ada)
    assert (await renewed(world, id, bo)).json()["code"] == "not-yours"
    assert (await renewed(world, id, ada, key=None)).status_code == 400
    assert (await renewed(world, id, ada, if_match=9)).status_code == 412
    await world.set_status(ada, "suspended")
    assert (await renewed(world, id, ada)).json()["code"] == "not-a-member"


async def test_several_sweepers_and_a_renewal_end_and_renew_each_once(
    world: "World", other_process: "World", ada: str
) -> None:
    skills = ["guitar", "german", "chess", "sewing", "piano", "drums"]
    ids = [await world.offering(ada, skill=skill) for skill in skills]
    for process in (world, other_process):
        process.clock.advance(days=180)
    await asyncio.gather(
        *(process.sweep() for process in (world, other_process) * 2), *(renewed(world, id, ada) for id in ids)
    )
    for id in ids:
        assert [type for type, *_ in await told(world, id)] == [
            "offering.published.v1",
            "offering.expired.v1",
            "offering.changed.v1",
        ]


async def test_a_turn_is_bounded_and_one_that_fails_holds_nobody_up(
    empty_world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    world = empty_world
    monkeypatch.setattr("skillsync_kit.sweeper._AT_ONCE", 2)
    ada = await world.member()
    ids = [await world.offering(ada, skill=skill) for skill in ("guitar", "german", "chess", "sewing", "piano")]
    world.clock.advance(days=180)
    end, broken = Offering.pass_time, set(ids[:2])

    def fail_for_some(it: Offering, now: Any) -> Any:
        if it.id in broken:
            raise RuntimeError("broken")
        return end(it, now)

    monkeypatch.setattr(Offering, "pass_time", fail_for_some)
    assert [await world.sweeper.turn() for _ in range(3)] == [2, 2, 1]
    kinds = [(await told(world, id))[-1][0] for id in ids]
    assert kinds == ["offering.published.v1"] * 2 + ["offering.expired.v1"] * 3
    broken.clear()
    await world.sweep()
    assert (await told(world, ids[0]))[-1][0] == "offering.expired.v1"


async def test_the_sweeper_runs_until_told_to_stop(world: "World", ada: str) -> None:
    id = await world.offering(ada)
    world.clock.advance(days=180)
    stopping = asyncio.Event()
    running = asyncio.create_task(world.sweeper.run(stopping))
    # Each look is a turn of the event loop, in which the sweeper goes on too; the test's time limit ends them.
    while (await told(world, id))[-1][0] != "offering.expired.v1":
        pass
    stopping.set()
    await asyncio.wait_for(running, 10)


async def test_workers_are_told_how_an_offering_stands(world: "World", ada: str) -> None:
    id = await world.offering(ada)
    path = f"/internal/offerings/{id}"
    answer = await world.as_worker(path, "skillsync/users.contact")
    assert answer.json() == {
        "id": id,
        "owner": ada,
        "kind": "offer",
        "skill": "guitar",
        "skill_name": "Guitar",
        "status": "active",
        "version": 1,
        "expires_at": "2030-06-30T12:00:00Z",
    }
    world.clock.advance(days=180)
    late = (await world.as_worker(path, "skillsync/users.contact")).json()
    assert (late["status"], late["version"]) == ("expired", 2)
    missing = await world.as_worker(f"/internal/offerings/{new_id()}", "skillsync/users.contact")
    for answer in (await world.as_worker(path, "skillsync/events.read"), await world.get(path, ada)):
        assert (answer.status_code, answer.text) == (404, missing.text)
