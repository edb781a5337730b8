"""Leaving: days to change one's mind, then nothing of the person is left, and each part is asked until it is done."""

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Text, cast, func, select

from skillsync_kit.ids import new_id
from skillsync_users import tables

if TYPE_CHECKING:
    from tests.conftest import World

ELSEWHERE = {"transactions", "notifications", "analytics"}


async def leave(world: "World", user: str, *, days: int = 7) -> None:
    """Ask to be erased, and let the days pass."""
    assert (await world.send("DELETE", "/v1/users/me", user, if_match="*")).status_code == 202
    world.clock.advance(days=days)
    await world.eraser.turn()


async def dump(world: "World") -> str:
    """Every cell of every table."""
    found = []
    async with world.database.read() as connection:
        for table in tables.metadata.sorted_tables:
            rows = await connection.execute(select(*(cast(column, Text) for column in table.c)))
            found += ["|".join(str(cell) for cell in row) for row in rows]
    return "\n".join(found)


async def parts(world: "World", user: str) -> set[str]:
    """Who has done their part."""
    table = tables.erasure_acknowledgements
    async with world.database.read() as connection:
        return set((await connection.execute(select(table.c.service).where(table.c.user_id == user))).scalars())


async def open_erasures(world: "World") -> dict[str, list[str]]:
    """What operators are shown: who is missing, by user."""
    items = (await world.as_worker("/internal/erasures", "skillsync/operations.read")).json()["items"]
    return {item["user_id"]: item["missing"] for item in items}


async def test_operators_see_what_is_still_to_come(world: "World") -> None:
    ada, bo = await world.member(), await world.member()
    for member in (ada, bo):
        await world.send("DELETE", "/v1/users/me", member, if_match=1)
        world.clock.advance(days=1)
    body = (await world.as_worker("/internal/erasures", "skillsync/operations.read")).json()
    assert [it for it in body["planned"] if it["user_id"] in (ada, bo)] == [
        {"user_id": ada, "due_at": "2030-01-08T12:00:00Z"},
        {"user_id": bo, "due_at": "2030-01-09T12:00:00Z"},
    ]
    await world.send("POST", "/v1/users/me/restore", ada, if_match=2)
    body = (await world.as_worker("/internal/erasures", "skillsync/operations.read")).json()
    assert ada not in str(body)


async def test_the_wish_tells_its_day_and_is_shown_to_its_owner_alone(world: "World") -> None:
    ada, bo = await world.member(), await world.member()
    first = await world.send("DELETE", "/v1/users/me", ada, if_match=1)
    assert (first.status_code, first.json()) == (202, {"erasure_due_at": "2030-01-08T12:00:00Z"})
    world.clock.advance(days=1)
    assert (await world.send("DELETE", "/v1/users/me", ada, if_match=1)).json() == first.json()
    own = await world.get("/v1/users/me", ada)
    assert (own.json()["erasure_due_at"], own.headers["etag"]) == ("2030-01-08T12:00:00Z", '"2"')
    assert "erasure" not in (await world.get(f"/v1/users/{ada}", bo)).text
    assert [event.type for event in await world.events(ada)] == ["user.created.v1"]
    assert (await world.send("DELETE", "/v1/users/me", new_id(), if_match=1)).status_code == 404


async def test_the_first_wish_names_the_version_one_has_read(world: "World") -> None:
    ada = await world.member()
    await world.patch("/v1/users/me", ada, {"about": "x"})
    assert (await world.send("DELETE", "/v1/users/me", ada)).status_code == 428
    assert (await world.send("DELETE", "/v1/users/me", ada, if_match=1)).status_code == 412
    answer = await world.send("DELETE", "/v1/users/me", ada, if_match=2)
    assert (answer.status_code, answer.headers["etag"]) == (202, '"3"')
    assert (await world.send("POST", "/v1/users/me/restore", ada, if_match=2)).status_code == 412


async def test_who_changes_their_mind_in_time_stays(world: "World") -> None:
    ada = await world.member()
    await world.send("DELETE", "/v1/users/me", ada, if_match=1)
    answer = await world.send("POST", "/v1/users/me/restore", ada)
    assert (answer.status_code, answer.json()["erasure_due_at"], answer.headers["etag"]) == (200, None, '"3"')
    again = await world.send("POST", "/v1/users/me/restore", ada)
    assert (again.status_code, again.json()["version"]) == (200, 3)
    world.clock.advance(days=30)
    await world.eraser.turn()
    assert (await world.get(f"/v1/users/{ada}", ada)).status_code == 200


async def test_who_changes_their_mind_too_late_is_told_so_before_any_sweeper_has_run(world: "World") -> None:
    ada = await world.member()
    await world.send("DELETE", "/v1/users/me", ada, if_match=1)
    world.clock.advance(days=7)
    late = await world.send("POST", "/v1/users/me/restore", ada)
    assert (late.status_code, late.json()["code"]) == (409, "erasure-under-way")


async def test_a_suspended_member_may_leave(world: "World") -> None:
    ada = await world.member()
    await world.as_coordinator(f"/v1/users/{ada}/suspend", {"reason": "late"})
    await leave(world, ada)
    assert (await world.events(ada))[-1].data["from"] == "suspended"


async def test_before_its_day_nobody_is_erased(world: "World") -> None:
    ada = await world.member()
    await leave(world, ada, days=6)
    assert (await world.get("/v1/users/me", ada)).status_code == 200


async def test_nothing_is_left_of_the_person_and_the_id_is_never_given_again(empty_world: "World") -> None:
    world = empty_world
    ada, bo = new_id(), await world.member(first_name="Bo")
    await world.sign_up(ada, first_name="Zelda", last_name="Zander", about="Zithers", time_zone="Europe/Zagreb")
    await world.offering(ada, text="Zumba")
    await world.offering(bo, text="Bread")
    secrets = ("Zelda", "Zander", "Zithers", "Zagreb", "Zumba", f"{ada}@")
    before = await dump(world)
    assert all(secret in before for secret in secrets)
    await leave(world, ada)
    after = await dump(world)
    assert [secret for secret in secrets if secret.casefold() in after.casefold()] == []
    assert "Bread" in after
    assert (await world.get("/v1/users/me", ada)).status_code == 404
    assert (await world.get(f"/v1/users/{ada}", bo)).status_code == 404
    assert (await world.get(f"/v1/users?id={ada}", bo)).json()["items"] == []
    assert (await world.sign_up(ada)).json()["code"] == "profile-exists"
    event = (await world.events(ada))[-1]
    assert (event.type, event.data) == ("user.erased.v1", {"from": "active", "to": "erased", "changed": []})
    # The address is free for another account of theirs.
    anew = new_id()
    world.addresses.addresses[anew] = f"{ada}@members.example"
    assert (await world.sign_up(anew)).status_code == 201


async def test_open_proposals_go_and_decided_ones_stay_of_nobody(world: "World") -> None:
    ada, bo, cy = await world.member(), await world.member(), await world.coordinator()
    waiting, approved, declined = [await world.proposal(ada) for _ in range(3)]
    others = await world.proposal(bo)
    for id, verb in ((approved, "approve"), (declined, "decline")):
        assert (await world.send("POST", f"/v1/skills/proposals/{id}/{verb}", cy)).status_code == 200
    await leave(world, ada)
    assert (await world.get(f"/v1/skills/proposals/{waiting}", cy)).status_code == 404
    for id, status in ((approved, "approved"), (declined, "declined")):
        kept = (await world.get(f"/v1/skills/proposals/{id}", cy)).json()
        assert (kept["author"], kept["status"]) == (None, status)
    assert (await world.get(f"/v1/skills/proposals/{others}", cy)).json()["author"] == bo
    slug = (await world.get(f"/v1/skills/proposals/{approved}", cy)).json()["slug"]
    assert slug in {skill["slug"] for skill in (await world.get("/v1/skills", bo)).json()["items"]}


async def test_each_part_is_recorded_as_it_is_done_and_asked_until_it_is(world: "World") -> None:
    ada = await world.member()
    world.accounts.is_away, world.services.away, world.services.slow = True, {"transactions"}, {"analytics"}
    await leave(world, ada)
    assert await parts(world, ada) == {"users", "notifications"}
    assert set((await open_erasures(world))[ada]) == {"user-pool", "transactions", "analytics"}
    erased = f"/internal/erasures/{ada}"
    assert (await world.as_worker(erased, "skillsync/users.erase")).status_code == 404
    world.accounts.is_away, world.services.away = False, set()
    await world.eraser.turn()
    assert world.accounts.deleted.count(ada) == 1
    assert set((await open_erasures(world))[ada]) == {"analytics"}
    asked = len(world.services.asked)
    world.services.slow = set()
    await world.eraser.turn()
    assert [who for who in world.services.asked[asked:] if who[1] == ada] == [("analytics", ada)]
    assert await parts(world, ada) == {"users", "user-pool", *ELSEWHERE}
    assert ada not in await open_erasures(world)
    assert (await world.as_worker(erased, "skillsync/users.erase")).status_code == 200


async def test_an_overdue_part_is_counted(empty_world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    # Of nobody else: everyone who is overdue is counted.
    world, counted = empty_world, list[str]()
    monkeypatch.setattr("skillsync_users.erasure.service.metrics.count", counted.append)
    ada = await world.member()
    world.services.slow = {"analytics"}
    await leave(world, ada)
    assert counted == []
    world.clock.advance(hours=1, seconds=1)
    await world.eraser.turn()
    assert counted == ["erasures-overdue"]
    world.services.slow = set()
    await world.eraser.turn()
    assert counted == ["erasures-overdue"]


async def test_two_erasers_at_once_erase_once(world: "World", other_process: "World") -> None:
    ada = await world.member()
    await world.offering(ada)
    await world.send("DELETE", "/v1/users/me", ada, if_match=1)
    for process in (world, other_process):
        process.clock.advance(days=7)
    await asyncio.gather(world.eraser.turn(), other_process.eraser.turn())
    assert [event.type for event in await world.events(ada)] == ["user.created.v1", "user.erased.v1"]
    async with world.database.read() as connection:
        rows = select(func.count()).where(tables.erased_users.c.user_id == ada)
        assert (await connection.execute(rows)).scalar_one() == 1


async def test_one_who_cannot_be_erased_holds_nobody_up(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    from skillsync_users.profiles.entities import Profile  # noqa: PLC0415

    ada, bo = await world.member(), await world.member()
    await world.send("DELETE", "/v1/users/me", ada, if_match=1)
    erase = Profile.erase

    def fail_for_ada(it: Profile, now: object) -> object:
        if it.id == ada:
            raise RuntimeError("broken")
        return erase(it, now)  # type: ignore[arg-type]

    monkeypatch.setattr(Profile, "erase", fail_for_ada)
    await leave(world, bo)
    assert (await world.get("/v1/users/me", bo)).status_code == 404
    assert (await world.get("/v1/users/me", ada)).status_code == 200
    monkeypatch.undo()
    await world.eraser.turn()
    assert (await world.get("/v1/users/me", ada)).status_code == 404
