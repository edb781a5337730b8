"""GET /v1/matches: who offers what one wants and wants what one offers, directly or in a ring of three, best first."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import World


async def matches(world: "World", by: str, query: str = "") -> list[dict[str, Any]]:
    """The matches of a member."""
    answer = await world.get(f"/v1/matches?kind=direct{query}", by)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def trader(world: "World", offers: list[str], wants: list[str], modality: str = "either", **profile: str) -> str:
    """A new member with such offerings."""
    id = await world.member(**profile)
    for kind, skills in (("offer", offers), ("want", wants)):
        for skill in skills:
            await world.offering(id, kind=kind, skill=skill, modality=modality)
    return id


async def test_both_must_offer_what_the_other_wants(empty_world: "World") -> None:
    world = empty_world
    ada = await trader(world, ["guitar"], ["german"])
    bo = await trader(world, ["german", "chess"], ["guitar", "yoga"], display_name="B.")
    await trader(world, ["german"], ["yoga"])
    await trader(world, ["chess"], ["guitar"])
    await trader(world, ["guitar"], ["german"])
    assert await matches(world, ada) == [{"user": bo, "display_name": "B.", "offers": ["german"], "wants": ["guitar"]}]
    assert [item["user"] for item in await matches(world, bo)] != []


async def test_more_skills_come_first_and_then_who_wrote_last(empty_world: "World") -> None:
    world = empty_world
    ada = await trader(world, ["guitar", "chess"], ["german"])
    early = await trader(world, ["german"], ["guitar"])
    two = await trader(world, ["german"], ["guitar", "chess"])
    world.clock.advance(hours=1)
    late = await trader(world, ["german"], ["chess"])
    assert [item["user"] for item in await matches(world, ada)] == [two, late, early]
    assert [item["user"] for item in await matches(world, ada, "&limit=1")] == [two]


@pytest.mark.parametrize(
    ("mine", "theirs", "is_match"),
    [
        ("remote", "in_person", False),
        ("remote", "either", True),
        ("either", "in_person", True),
        ("remote", "remote", True),
    ],
)
async def test_they_must_be_able_to_meet(empty_world: "World", mine: str, theirs: str, is_match: bool) -> None:
    ada = await trader(empty_world, ["guitar"], ["german"], mine)
    bo = await trader(empty_world, ["german"], ["guitar"], theirs)
    assert [item["user"] for item in await matches(empty_world, ada)] == [bo] * is_match


async def test_who_is_suspended_paused_or_past_their_time_matches_nobody(empty_world: "World") -> None:
    world = empty_world
    ada = await trader(world, ["guitar"], ["german"])
    suspended, paused = [await trader(world, ["german"], ["guitar"]) for _ in range(2)]
    await world.set_status(suspended, "suspended")
    assert [item["user"] for item in await matches(world, ada)] == [paused]
    mine = (await world.get("/v1/offerings?owner=me&kind=offer", paused)).json()["items"][0]["id"]
    await world.patch(f"/v1/offerings/{mine}", paused, {"status": "paused"})
    assert await matches(world, ada) == []
    bo = await trader(world, ["german"], ["guitar"])
    assert [item["user"] for item in await matches(world, ada)] == [bo]
    world.clock.advance(days=180)
    assert await matches(world, ada) == []


async def rings(world: "World", by: str, query: str = "") -> list[dict[str, Any]]:
    """The rings that a member could close."""
    answer = await world.get(f"/v1/matches?kind=ring{query}", by)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_three_make_a_ring_when_each_offers_what_the_next_wants(empty_world: "World") -> None:
    world = empty_world
    ada = await trader(world, ["guitar"], ["german"])
    bo = await trader(world, ["chess", "yoga"], ["guitar"], display_name="B.")
    cy = await trader(world, ["german"], ["chess"], display_name="C.")
    # Who gives nothing on, and who gives to nobody in the ring.
    await trader(world, ["sewing"], ["guitar"])
    await trader(world, ["german"], ["cooking"])
    first: dict[str, Any] = {
        "members": [{"user": bo, "display_name": "B."}, {"user": cy, "display_name": "C."}],
        "legs": [
            {"giver": ada, "receiver": bo, "skills": ["guitar"]},
            {"giver": bo, "receiver": cy, "skills": ["chess"]},
            {"giver": cy, "receiver": ada, "skills": ["german"]},
        ],
    }
    assert await rings(world, ada) == [first]
    [of_bo] = await rings(world, bo)
    assert of_bo["legs"] == first["legs"][1:] + first["legs"][:1]
    assert await rings(world, await world.member()) == []


async def test_a_match_of_two_is_no_ring_and_more_skills_come_first(empty_world: "World") -> None:
    world = empty_world
    ada = await trader(world, ["guitar"], ["german"])
    await trader(world, ["german"], ["guitar"])
    assert await rings(world, ada) == []
    bo = await trader(world, ["chess"], ["guitar"])
    cy = await trader(world, ["german"], ["chess"])
    assert [[it["user"] for it in ring["members"]] for ring in await rings(world, ada, "&limit=1")] == [[bo, cy]]
    di = await trader(world, ["german"], ["chess", "yoga"])
    await world.offering(bo, skill="yoga")
    assert [it["user"] for it in (await rings(world, ada))[0]["members"]] == [bo, di]


@pytest.mark.parametrize("broken", range(3))
async def test_the_two_of_each_leg_must_be_able_to_meet(empty_world: "World", broken: int) -> None:
    """Everybody can meet in person, but the receiver of one leg takes its skill remotely alone."""
    ways = ["remote" if leg == broken else "either" for leg in range(3)]
    world, people = empty_world, [await empty_world.member() for _ in range(3)]
    for leg, skill in enumerate(("guitar", "chess", "german")):
        await world.offering(people[leg], skill=skill, modality="in_person")
        await world.offering(people[(leg + 1) % 3], kind="want", skill=skill, modality=ways[leg])
    assert await rings(world, people[0]) == []
    receiver = people[(broken + 1) % 3]
    [want] = (await world.get("/v1/offerings?owner=me&kind=want", receiver)).json()["items"]
    await world.patch(f"/v1/offerings/{want['id']}", receiver, {"modality": "in_person"})
    assert len(await rings(world, people[0])) == 1


async def test_nobody_suspended_and_nothing_paused_or_ended_is_in_a_ring(empty_world: "World") -> None:
    world = empty_world
    ada = await trader(world, ["guitar"], ["german"])
    bo = await trader(world, ["chess"], ["guitar"])
    cy = await trader(world, ["german"], ["chess"])
    for member in (bo, cy):
        await world.set_status(member, "suspended")
        assert await rings(world, ada) == []
        await world.set_status(member, "active")
    assert len(await rings(world, ada)) == 1
    chess = (await world.get("/v1/offerings?owner=me&kind=offer", bo)).json()["items"][0]["id"]
    await world.patch(f"/v1/offerings/{chess}", bo, {"status": "paused"})
    assert await rings(world, ada) == []
    await world.patch(f"/v1/offerings/{chess}", bo, {"status": "active"}, if_match="*")
    assert len(await rings(world, ada)) == 1
    world.clock.advance(days=180)
    assert await rings(world, ada) == []


@pytest.mark.parametrize("query", ["", "?kind=square", "?kind=ring&limit=51", "?kind=direct&limit=0"])
async def test_a_query_that_breaks_a_rule_is_named(world: "World", query: str) -> None:
    answer = await world.get(f"/v1/matches{query}", await world.member())
    assert answer.status_code == 422
    assert ("limit" if "limit" in query else "kind") in answer.json()["errors"][0]["pointer"]
