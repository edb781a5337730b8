"""The inbox over HTTP."""

from typing import TYPE_CHECKING

import httpx2

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
    assert answer.json()["next"] is None
    assert set(newest) == {"id", "template", "subject", "status", "created_at", "sent_at"}
    assert (newest["template"], newest["subject"], newest["status"]) == ("receipt", receipt.subject, "pending")
    assert newest["sent_at"] is None
    assert (oldest["template"], oldest["subject"], oldest["status"]) == ("welcome", ana, "sent")
    assert oldest["sent_at"] == oldest["created_at"] == "2030-01-01T12:00:00Z"


async def test_nobody_sees_anothers(world: "World") -> None:
    await world.intend(3)
    assert (await world.get("/v1/notifications", new_id())).json() == {"items": [], "next": None}


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
