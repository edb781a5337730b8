"""401, 404, replay, 400/415/422, 428, 412, 403/409: of a request's two faults, the earlier one is answered."""

from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World

INVALID: dict[str, Any] = {"nonsense": 1}


def shows(answer: Any, status: int, code: str) -> None:
    """Check status, code and the shape of problem details."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), answer.text
    assert problem["type"] == f"https://skillsync.example/problems/{code}"
    assert problem["title"]
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("token", [None, "nonsense"])
async def test_401_before_404_and_400(world: "World", token: str | None) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for method, verb in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/accept"), ("POST", "/propose")):
        path = f"/v1/transactions/{new_id()}{verb}"
        answer = await world.send(method, path, None, b"{", headers=headers, media_type="application/json")
        shows(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    shows(await world.send("POST", "/v1/transactions", None, b"{", headers=headers), 401, "unauthorized")


async def test_404_before_replay(world: "World", ada: str, bo: str) -> None:
    id, key = await world.proposed(ada, bo), new_id()
    assert (await world.act("accept", id, bo, 1, key=key)).status_code == 200
    shows(await world.act("accept", new_id(), bo, 1, key=key), 404, "not-found")


async def test_404_before_400_415_and_422(world: "World", ada: str) -> None:
    id = new_id()
    shows(await world.patch(id, ada, b"{", None), 404, "not-found")
    shows(await world.patch(id, ada, {}, None, media_type="text/plain"), 404, "not-found")
    shows(await world.patch(id, ada, INVALID, None), 404, "not-found")
    shows(await world.act("accept", id, ada, key=None), 404, "not-found")
    shows(await world.act("propose", id, ada, key=None), 404, "not-found")
    shows(await world.patch("nonsense", ada, INVALID, None), 404, "not-found")


async def test_404_before_428_412_and_409(world: "World", ada: str) -> None:
    shows(await world.patch(new_id(), ada, {"title": "x"}, None), 404, "not-found")
    shows(await world.send("DELETE", f"/v1/transactions/{new_id()}", ada), 404, "not-found")
    shows(await world.act("accept", new_id(), ada, 1, if_match=9), 404, "not-found")


async def test_replay_before_412_and_409(world: "World", ada: str, bo: str) -> None:
    id, key = await world.proposed(ada, bo), new_id()
    first = await world.act("accept", id, bo, 1, key=key, if_match=2)
    await world.act("finalize", id, ada, 1)
    again = await world.act("accept", id, bo, 1, key=key, if_match=2)
    assert (again.status_code, again.json()["state"], again.content) == (200, "accepted", first.content)
    shows(await world.act("accept", id, bo, 1, if_match=2), 412, "stale")


async def test_422_for_a_reused_key_before_412_and_409(world: "World", ada: str, bo: str) -> None:
    id, key = await world.proposed(ada, bo), new_id()
    await world.act("accept", id, bo, 1, key=key)
    shows(await world.act("accept", id, bo, 2, key=key, if_match=9), 422, "idempotency-key-reused")


async def test_400_415_and_422_before_428(world: "World", ada: str, bo: str) -> None:
    id = await world.drafted(ada, bo)
    shows(await world.patch(id, ada, b"{", None), 400, "bad-request")
    shows(await world.patch(id, ada, {}, None, media_type="application/json"), 415, "unsupported-media-type")
    shows(await world.patch(id, ada, INVALID, None), 422, "invalid")


async def test_400_and_422_before_412_and_409(world: "World", ada: str, bo: str) -> None:
    id = await world.drafted(ada, bo)
    shows(await world.act("accept", id, ada, 1, key=None, if_match=9), 400, "idempotency-key-required")
    shows(await world.act("accept", id, ada, 0, if_match=9), 422, "invalid")
    shows(await world.patch(id, ada, INVALID, 9), 422, "invalid")


async def test_428_before_409(world: "World", ada: str, bo: str) -> None:
    id = await world.finalized(ada, bo)
    shows(await world.patch(id, ada, {"title": "x"}, None), 428, "if-match-required")
    shows(await world.send("DELETE", f"/v1/transactions/{id}", ada), 428, "if-match-required")


async def test_412_before_403_and_409(world: "World", ada: str, bo: str) -> None:
    id = await world.finalized(ada, bo)
    stale = await world.patch(id, ada, {"title": "x"}, 3)
    shows(stale, 412, "stale")
    assert (stale.json()["version"], stale.headers["etag"]) == (4, '"4"')
    shows(await world.send("DELETE", f"/v1/transactions/{id}", ada, if_match=3), 412, "stale")
    await world.tell(bo, "suspended")
    shows(await world.act("propose", id, bo, if_match=3), 412, "stale")


async def test_409_tells_the_state_and_what_is_allowed(world: "World", ada: str, bo: str) -> None:
    id = await world.accepted(ada, bo)
    refused = await world.act("decline", id, bo)
    shows(refused, 409, "wrong-state")
    assert (refused.json()["state"], refused.json()["allowed_actions"]) == ("accepted", ["amend", "cancel", "finalize"])


async def test_every_refusal_tells_what_is_allowed_instead(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    refusals = [
        await world.act("decline", id, ada),
        await world.patch(id, ada, {"title": "x"}, None),
        await world.patch(id, ada, {"title": "x"}, 1),
        await world.act("cancel", id, ada, if_match=1),
        await world.act("accept", id, ada, 2),
    ]
    assert [refusal.status_code for refusal in refusals] == [403, 428, 412, 412, 409]
    for refusal in refusals:
        assert (refusal.json()["state"], refusal.json()["allowed_actions"]) == ("proposed", ["cancel", "revise"])


@pytest.mark.parametrize("header", ['W/"1"', "1", '""', '"01"', "nonsense"])
async def test_only_the_strong_tag_of_the_present_version_matches(
    world: "World", ada: str, bo: str, header: str
) -> None:
    id = await world.drafted(ada, bo)
    shows(await world.patch(id, ada, {"title": "x"}, header), 412, "stale")
    assert (await world.patch(id, ada, {"title": "x"}, '"7", "1"')).status_code == 200
    assert (await world.patch(id, ada, {"title": "y"}, "*")).status_code == 200


async def test_the_frameworks_own_errors_are_problem_details(world: "World", ada: str) -> None:
    shows(await world.send("GET", "/v1/nothing", ada), 404, "not-found")
    not_allowed = await world.send("PUT", "/v1/transactions", ada)
    shows(not_allowed, 405, "method-not-allowed")
    assert {"GET", "POST"} <= {method.strip() for method in not_allowed.headers["allow"].split(",")}
    shows(await world.create(ada, {}, media_type="text/plain"), 415, "unsupported-media-type")
    shows(await world.create(ada, b" " * 300_000), 413, "too-large")
