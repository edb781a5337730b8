"""The inbox over HTTP."""

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


async def test_it_shows_what_one_was_told_and_whether_it_left(world: "World") -> None:
    ana, bo = new_id(), new_id()
    await world.receive(world.event("user.created.v1", subject=ana, data={}))
    await world.send_all()
    receipt = world.event("transaction.finalized.v1", ana, bo)
    await world.receive(receipt)
    answer = await world.get("/v1/notifications", ana)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-cache")
    newest, oldest = answer.json()["items"]
    assert (answer.json()["next"], answer.json()["unread"]) == (None, 2)
    assert set(newest) == {
        "id",
        "template",
        "subject",
        "read",
        "status",
        "created_at",
        "sent_at",
        "version",
    }
    assert (newest["template"], newest["subject"], newest["status"]) == ("receipt", receipt.subject, "pending")
    assert newest["sent_at"] is None
    assert (oldest["template"], oldest["subject"], oldest["status"]) == ("welcome", ana, "sent")
    assert oldest["sent_at"] == oldest["created_at"] == "2030-01-01T12:00:00Z"


async def test_nobody_sees_anothers(world: "World") -> None:
    await world.intend(3)
    assert (await world.get("/v1/notifications", new_id())).json() == {"items": [], "next": None, "unread": 0}


async def test_pages_lead_through_all_of_it_once(world: "World") -> None:
    ana = new_id()
    for _ in range(5):
        await world.receive(world.event("transaction.finalized.v1", ana))
    seen: list[str] = []
    path = "/v1/notifications?limit=2"
    while path:
        answer = await world.get(path, ana)
        seen += [item["id"] for item in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert seen == sorted(seen, reverse=True)
    assert sorted(seen) == [row.id for row in await world.mails()]


async def test_a_cursor_that_is_none_is_refused(world: "World") -> None:
    for query in ("cursor=x", "limit=0", "limit=101"):
        answer = await world.get(f"/v1/notifications?{query}", new_id())
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_it_is_for_people_with_a_token(world: "World") -> None:
    assert (await world.client.get("/v1/notifications")).status_code == 401
    worker = {"Authorization": f"Bearer {world.pool.worker_token('skillsync/users.contact')}"}
    refused: httpx2.Response = await world.client.get("/v1/notifications", headers=worker)
    assert refused.status_code == 403


async def told(world: "World", count: int) -> tuple[str, list[Any]]:
    """Somebody who was told that often; and what, the newest first."""
    ana = new_id()
    for _ in range(count):
        await world.receive(world.event("transaction.finalized.v1", ana))
    return ana, (await world.get("/v1/notifications", ana)).json()["items"]


async def test_what_was_read_stands_as_read_and_can_stand_as_unread_again(world: "World") -> None:
    ana, (_, item) = await told(world, 2)
    path = f"/v1/notifications/{item['id']}"
    read = await world.send("PATCH", path, ana, {"read": True}, If_Match='"1"')
    assert (read.status_code, read.headers["etag"]) == (200, '"2"')
    assert read.json() == {**item, "read": True, "version": 2}
    unread = (await world.get("/v1/notifications?unread=true", ana)).json()
    assert (item["id"] in [each["id"] for each in unread["items"]], unread["unread"]) == (False, 1)
    again = await world.send("PATCH", path, ana, {"read": True}, If_Match='"2"')
    assert (again.status_code, again.json()["version"]) == (200, 2)
    await world.send("PATCH", path, ana, {"read": False}, If_Match='"2"')
    assert (await world.get("/v1/notifications", ana)).json()["unread"] == 2


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ({"read": True}, {}, 428, "if-match-required"),
        ({"read": True}, {"If_Match": '"7"'}, 412, "stale"),
        ({"read": "yes"}, {"If_Match": '"1"'}, 422, "invalid"),
        ({"read": True, "status": "sent"}, {"If_Match": '"1"'}, 422, "invalid"),
        ({}, {"If_Match": '"1"'}, 422, "invalid"),
    ],
)
async def test_a_change_that_breaks_a_rule_changes_nothing(
    world: "World", body: object, headers: dict[str, str], status: int, code: str
) -> None:
    ana, (item,) = await told(world, 1)
    refused = await world.send("PATCH", f"/v1/notifications/{item['id']}", ana, body, **headers)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await world.get("/v1/notifications", ana)).json()["items"] == [item]


async def test_a_stranger_learns_nothing_of_it_whatever_they_send(world: "World") -> None:
    ana, (item,) = await told(world, 1)
    for body in ({"read": True}, {"read": 7}):
        for id in (item["id"], new_id()):
            refused = await world.send("PATCH", f"/v1/notifications/{id}", new_id(), body, If_Match='"1"')
            assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    assert (await world.get("/v1/notifications", ana)).json()["items"] == [item]


async def test_a_mail_that_left_meanwhile_makes_the_version_stale(world: "World") -> None:
    ana, (item,) = await told(world, 1)
    await world.send_all()
    refused = await world.send("PATCH", f"/v1/notifications/{item['id']}", ana, {"read": True}, If_Match='"1"')
    assert (refused.status_code, refused.headers["etag"]) == (412, '"2"')


async def test_all_is_read_at_once_and_once_under_one_key(world: "World") -> None:
    ana, _ = await told(world, 3)
    bo, _ = await told(world, 1)
    done = await world.send("POST", "/v1/notifications/read-all", ana, Idempotency_Key="k")
    assert (done.status_code, done.content) == (204, b"")
    assert (await world.get("/v1/notifications?unread=true", ana)).json() == {"items": [], "next": None, "unread": 0}
    assert (await world.get("/v1/notifications", bo)).json()["unread"] == 1
    await world.receive(world.event("transaction.finalized.v1", ana))
    again = await world.send("POST", "/v1/notifications/read-all", ana, Idempotency_Key="k")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (204, "true")
    assert (await world.get("/v1/notifications", ana)).json()["unread"] == 1
    keyless = await world.send("POST", "/v1/notifications/read-all", ana)
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency-key-required")


async def test_a_cursor_belongs_to_its_filter(world: "World") -> None:
    ana, _ = await told(world, 3)
    first = await world.get("/v1/notifications?limit=1&unread=true", ana)
    following = first.links["next"]["url"]
    assert "unread=true" in following
    assert (await world.get(following, ana)).status_code == 200
    assert (await world.get(following.replace("unread=true&", ""), ana)).status_code == 422
