"""Proposed skills over HTTP: their author's and coordinators' alone, and part of the catalogue once approved."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.ids import new_id
from skillsync_users.proposals import service

if TYPE_CHECKING:
    import httpx2

    from tests.conftest import World

PATH = "/v1/skills/proposals"


async def decide(world: "World", id: str, verb: str, by: str, **more: Any) -> "httpx2.Response":
    """Approve or decline."""
    return await world.send("POST", f"{PATH}/{id}/{verb}", by, **more)


async def listed(world: "World", by: str, **query: str) -> list[str]:
    """The ids listed, page by page of two."""
    ids: list[str] = []
    parameters = {**query, "limit": "2"}
    while True:
        answer = await world.get(f"{PATH}?" + "&".join(f"{n}={v}" for n, v in parameters.items()), by)
        assert answer.status_code == 200, answer.text
        ids += [item["id"] for item in answer.json()["items"]]
        if answer.json()["next"] is None:
            return ids
        parameters["cursor"] = answer.json()["next"]


async def test_an_approved_proposal_is_a_skill_at_once_and_the_etag_changes(world: "World") -> None:
    ada, cy = await world.member(), await world.coordinator()
    name = f"Drehleier {new_id()}"
    slug = name.lower().replace(" ", "-")
    proposed = await world.propose(ada, name=name)
    assert proposed.status_code == 201
    body = proposed.json()
    id = body.pop("id")
    assert proposed.headers["location"] == f"{PATH}/{id}"
    assert body == {
        "author": ada,
        "slug": slug,
        "category": "music",
        "name": name,
        "status": "open",
        "created_at": "2030-01-01T12:00:00Z",
        "decided_at": None,
    }
    before = (await world.get("/v1/skills", ada)).headers["etag"]
    assert (await world.publish(ada, skill=slug)).json()["code"] == "unknown-skill"
    approved = await decide(world, id, "approve", cy)
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert (proposed.headers["etag"], approved.headers["etag"]) == ('"1"', '"2"')
    assert (await world.get(f"{PATH}/{id}", ada, if_none_match='"2"')).status_code == 304
    assert (await world.get(f"{PATH}/{id}", ada, if_none_match='"1"')).status_code == 200
    after = await world.get("/v1/skills", ada, if_none_match=before)
    assert after.status_code == 200
    names = {"en": name, "de": name}
    assert {"slug": slug, "category": "music", "name": name, "names": names} in after.json()["items"]
    assert (await world.get("/v1/skills", ada, if_none_match=after.headers["etag"])).status_code == 304
    offering = await world.offering(ada, skill=slug)
    assert (await world.get(f"/v1/offerings?owner=me&q={name}", ada)).json()["items"][0]["id"] == offering
    told = await world.as_worker(f"/internal/offerings/{offering}", "skillsync/users.contact")
    assert told.json()["skill_name"] == name


async def test_what_the_catalogue_has_or_somebody_proposed_is_not_proposed_again(world: "World") -> None:
    ada, bo, cy = await world.member(), await world.member(), await world.coordinator()
    known = await world.propose(ada, name="GUITAR!")
    assert (known.status_code, known.json()["code"]) == (409, "skill-exists")
    name = f"Lute {new_id()}"
    id = await world.proposal(ada, name=name)
    again = await world.propose(bo, name=name.upper())
    assert (again.status_code, again.json()["code"]) == (409, "already-proposed")
    assert (await decide(world, id, "decline", cy)).json()["status"] == "declined"
    second = await world.proposal(bo, name=name)
    await decide(world, second, "approve", cy)
    assert (await world.propose(ada, name=name)).json()["code"] == "skill-exists"


async def test_of_many_equal_proposals_at_once_one_is_kept(world: "World", other_process: "World") -> None:
    people, name = [await world.member() for _ in range(4)], f"Lute {new_id()}"
    processes = (world, other_process) * 2
    answers = await asyncio.gather(*(p.propose(by, name=name) for p, by in zip(processes, people, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_member_has_so_many_open_proposals_and_no_more(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_OPEN", 2)
    ada, cy = await world.member(), await world.coordinator()
    first, _ = await world.proposal(ada), await world.proposal(ada)
    refused = await world.propose(ada)
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-proposals")
    await decide(world, first, "decline", cy)
    await world.proposal(ada)


async def test_a_catalogue_is_sent_whole_so_it_has_an_end(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_APPROVED", 0)
    cy = await world.coordinator()
    id = await world.proposal(cy)
    assert (await decide(world, id, "approve", cy)).json()["code"] == "catalogue-full"
    assert (await world.get(f"{PATH}/{id}", cy)).json()["status"] == "open"


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("name", "", "/name"),
        ("name", "音楽", "/name"),
        ("name", "a\nb", "/name"),
        ("name", "x" * 61, "/name"),
        ("category", "levitation", "/category"),
        ("category", "Music", "/category"),
        ("slug", "lute", "/slug"),
        ("status", "approved", "/status"),
    ],
)
async def test_a_field_that_breaks_a_rule_is_named(world: "World", field: str, value: str, pointer: str) -> None:
    answer = await world.propose(await world.member(), **{field: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_members_see_their_own_and_coordinators_all(world: "World") -> None:
    ada, bo, cy = await world.member(), await world.member(), await world.coordinator()
    ids = sorted([await world.proposal(ada) for _ in range(3)], reverse=True)
    others = await world.proposal(bo)
    assert await listed(world, ada) == ids
    assert await listed(world, bo) == [others]
    await decide(world, ids[0], "approve", cy)
    assert await listed(world, ada, status="open") == ids[1:]
    assert await listed(world, ada, status="approved") == ids[:1]
    assert set(await listed(world, cy)) >= {*ids, others}
    open_ones = await listed(world, cy, status="open")
    assert {*ids[1:], others} <= set(open_ones)
    assert ids[0] not in open_ones
    assert open_ones == sorted(open_ones, reverse=True)
    missing = await world.get(f"{PATH}/{new_id()}", bo)
    assert (await world.get(f"{PATH}/{ids[1]}", ada)).status_code == 200
    for answer in (
        await world.get(f"{PATH}/{ids[1]}", bo),
        await decide(world, ids[1], "approve", bo),
        await decide(world, ids[1], "decline", bo),
        await decide(world, "x", "decline", cy),
    ):
        assert (answer.status_code, answer.text) == (404, missing.text)
    following = (await world.get(f"{PATH}?limit=1", ada)).json()["next"]
    assert (await world.get(f"{PATH}?status=open&cursor={following}", ada)).status_code == 422


async def test_only_coordinators_decide_and_only_once(world: "World", other_process: "World") -> None:
    ada, cy = await world.member(), await world.coordinator()
    other_process.coordinators.add(cy)
    id = await world.proposal(ada)
    own = await decide(world, id, "approve", ada)
    assert (own.status_code, own.json()["code"]) == (403, "not-a-coordinator")
    answers = await asyncio.gather(
        *(decide(process, id, verb, cy) for process in (world, other_process) for verb in ("approve", "decline") * 2)
    )
    kept = (await world.get(f"{PATH}/{id}", ada)).json()["status"]
    assert {answer.json()["status"] for answer in answers if answer.status_code == 200} == {kept}
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [409] * 4
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "proposal-decided"


async def test_a_repeated_request_is_answered_alike_unless_its_caller_may_not_any_more(world: "World") -> None:
    ada, cy = await world.member(), await world.coordinator()
    name = f"Lute {new_id()}"
    proposed = [await world.propose(ada, name=name, key="one") for _ in range(2)]
    assert [answer.status_code for answer in proposed] == [201, 201]
    assert proposed[0].text == proposed[1].text
    id = proposed[0].json()["id"]
    decided = [await decide(world, id, "approve", cy, key="one") for _ in range(2)]
    assert decided[0].text == decided[1].text
    world.coordinators.discard(cy)
    assert (await decide(world, id, "approve", cy, key="one")).status_code == 404


@pytest.mark.parametrize("verb", ["approve", "decline"])
async def test_a_suspended_coordinator_decides_nothing(world: "World", verb: str) -> None:
    cy = await world.coordinator()
    id = await world.proposal(await world.member())
    await world.set_status(cy, "suspended")
    assert (await decide(world, id, verb, cy)).json()["code"] == "not-a-member"
    assert (await world.propose(cy)).json()["code"] == "not-a-member"
