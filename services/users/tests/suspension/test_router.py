"""Suspension: coordinators alone, never of themselves, told once; the suspended read and do not act."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World

REASON = {"reason": "Did not keep three dates."}


@dataclass
class Coordinator:
    """Somebody of the pool's group of that name, with a profile."""

    world: "World"
    id: str

    async def send(self, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        """A request with a token that names the group."""
        token = self.world.pool.token(self.id, **{"cognito:groups": ["coordinator"]})
        return await self.world.send(method, path, None, body, authorization=f"Bearer {token}", **more)

    async def suspend(self, id: str, **more: Any) -> httpx2.Response:
        """POST …/suspend."""
        return await self.send("POST", f"/v1/users/{id}/suspend", REASON, **more)

    async def reinstate(self, id: str, **more: Any) -> httpx2.Response:
        """POST …/reinstate."""
        return await self.send("POST", f"/v1/users/{id}/reinstate", **more)


@pytest.fixture
async def cora(world: "World") -> Coordinator:
    """A coordinator."""
    return Coordinator(world, await world.member())


@pytest.fixture
async def carl(world: "World") -> Coordinator:
    """Another one."""
    return Coordinator(world, await world.member())


async def test_a_suspension_is_told_once_and_its_reason_to_the_member_alone(world: "World", cora: Coordinator) -> None:
    ada = await world.member()
    answer = await cora.suspend(ada)
    assert (answer.status_code, answer.json()["status"], answer.headers["etag"]) == (200, "suspended", '"2"')
    again = await cora.suspend(ada)
    assert (again.status_code, again.json()) == (200, answer.json())
    event = (await world.events(ada))[-1]
    assert [e.type for e in await world.events(ada)] == ["user.created.v1", "user.suspended.v1"]
    assert (event.actor, event.data) == (cora.id, {"from": "active", "to": "suspended", "changed": []})
    own = (await world.get("/v1/users/me", ada)).json()
    assert (own["status"], own["status_reason"]) == ("suspended", REASON["reason"])
    assert REASON["reason"] not in (await world.get(f"/v1/users/{ada}", new_id())).text


async def test_who_is_suspended_reads_what_is_theirs_and_acts_again_once_reinstated(
    world: "World", cora: Coordinator
) -> None:
    ada = await world.member()
    offering = await world.offering(ada)
    await cora.suspend(ada)
    for path in ("/v1/users/me", "/v1/offerings?owner=me", f"/v1/offerings/{offering}", f"/v1/users/{ada}/stats"):
        assert (await world.get(path, ada)).status_code == 200, path
    assert (await world.patch("/v1/users/me", ada, {"about": "x"}, "*")).json()["code"] == "not-a-member"
    assert (await world.publish(ada, skill="german")).json()["code"] == "not-a-member"
    assert (await world.patch(f"/v1/offerings/{offering}", ada, {"text": "x"}, "*")).status_code == 403
    assert (await world.get(f"/v1/users?id={ada}", new_id())).json()["items"] == []
    answer = await cora.reinstate(ada)
    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    assert (await cora.reinstate(ada)).json() == answer.json()
    assert [e.type for e in await world.events(ada)][1:] == ["user.suspended.v1", "user.reinstated.v1"]
    assert (await world.patch("/v1/users/me", ada, {"about": "x"}, "*")).status_code == 200
    assert (await world.get("/v1/users/me", ada)).json()["status_reason"] is None


async def test_another_coordinator_finds_it_done(world: "World", cora: Coordinator, carl: Coordinator) -> None:
    ada = await world.member()
    assert (await carl.reinstate(ada)).json()["code"] == "wrong-status"
    await cora.suspend(ada)
    assert ((await carl.suspend(ada)).status_code, (await carl.suspend(ada)).json()["code"]) == (409, "wrong-status")
    assert (await carl.reinstate(ada)).status_code == 200
    assert (await cora.reinstate(ada)).status_code == 409


async def test_two_coordinators_at_once_suspend_once(world: "World", cora: Coordinator, carl: Coordinator) -> None:
    ada = await world.member()
    answers = await asyncio.gather(*(each.suspend(ada) for each in (cora, carl)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await world.events(ada)) == 2


async def test_a_repeated_key_is_answered_from_its_record(world: "World", cora: Coordinator) -> None:
    ada = await world.member()
    first = await cora.suspend(ada, key="once")
    await cora.reinstate(ada)
    again = await cora.suspend(ada, key="once")
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert (await world.get("/v1/users/me", ada)).json()["status"] == "active"


async def test_nobody_decides_about_themselves_and_only_coordinators_about_others(
    world: "World", cora: Coordinator, carl: Coordinator
) -> None:
    ada, bo = await world.member(), await world.member()
    assert ((await cora.suspend(cora.id)).status_code, (await cora.suspend(cora.id)).json()["code"]) == (
        403,
        "not-yourself",
    )
    for verb in ("suspend", "reinstate"):
        refused = await world.send("POST", f"/v1/users/{ada}/{verb}", bo, REASON if verb == "suspend" else None)
        assert (refused.status_code, refused.json()["code"]) == (403, "not-a-coordinator")
    assert (await cora.suspend(new_id())).status_code == 404
    await cora.suspend(carl.id)
    assert (await carl.suspend(ada)).json()["code"] == "not-a-member"
    assert (await world.get("/v1/users/me", ada)).json()["status"] == "active"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "a\nb"}, {**REASON, "by": "x"}])
async def test_a_suspension_needs_a_reason_of_one_line(world: "World", cora: Coordinator, body: Any) -> None:
    ada = await world.member()
    answer = await cora.send("POST", f"/v1/users/{ada}/suspend", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_decision_on_a_version_that_has_passed_is_refused(world: "World", cora: Coordinator) -> None:
    ada = await world.member()
    await world.patch("/v1/users/me", ada, {"about": "x"})
    assert (await cora.suspend(ada, if_match=1)).status_code == 412
    assert (await cora.suspend(ada, if_match=2)).status_code == 200


async def test_the_suspended_are_listed_for_coordinators_alone_page_by_page(
    empty_world: "World",
) -> None:
    world = empty_world
    cora = Coordinator(world, await world.member())
    suspended = [await world.member() for _ in range(3)]
    await world.member()
    for id in suspended:
        await cora.suspend(id)
    seen, path = [], "/v1/users?status=suspended&limit=2"
    while path:
        answer = await cora.send("GET", path)
        seen += [item["id"] for item in answer.json()["items"]]
        path = answer.headers.get("link", "").partition(">")[0].lstrip("<")
    assert seen == sorted(suspended, reverse=True)
    refused = await world.get("/v1/users?status=suspended", suspended[0])
    assert (refused.status_code, refused.json()["code"]) == (403, "not-a-coordinator")
    active = (await world.get("/v1/users?status=active", cora.id)).json()["items"]
    assert not {item["id"] for item in active} & set(suspended)
    mixed = await world.get(f"/v1/users?status=active&id={cora.id}", cora.id)
    assert mixed.status_code == 422
