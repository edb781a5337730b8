"""GET /v1/analytics/me: one's own figures, each with what it means and how fresh it is."""

from datetime import timedelta
from typing import TYPE_CHECKING

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


async def test_someone_without_exchanges_gets_zeros(empty_world: "World") -> None:
    body = await empty_world.figures(new_id())
    assert body.pop("definition").keys() == {"finalized", "minutes_given", "minutes_received", "partners"}
    assert body == {"as_of": None, "finalized": 0, "minutes_given": 0, "minutes_received": 0, "partners": 0}


async def test_each_measure_is_defined_by_one_sentence(world: "World") -> None:
    body = await world.figures(new_id())
    assert set(body) == {"definition", "as_of", *body["definition"]}
    assert all(sentence.endswith(".") and sentence.count(".") == 1 for sentence in body["definition"].values())


async def test_as_of_is_the_time_of_the_newest_event_not_of_the_latest_delivery(empty_world: "World") -> None:
    ada, bo = new_id(), new_id()
    newest = empty_world.finalized((ada, bo, 60))
    older = empty_world.finalized((ada, bo, 60), at=newest.time - timedelta(days=3))
    await empty_world.receive([newest, older])
    assert (await empty_world.figures(ada))["as_of"] == "2030-01-01T12:00:00Z"
    # It tells how fresh the whole read model is, so someone without exchanges is told the same.
    assert (await empty_world.figures(new_id()))["as_of"] == "2030-01-01T12:00:00Z"


async def test_nobody_sees_another_members_figures(world: "World") -> None:
    ada, bo, stranger = new_id(), new_id(), new_id()
    await world.receive([world.finalized((ada, bo, 60))])
    answer = await world.client.get(
        f"/v1/analytics/me?user={ada}",
        headers={"Authorization": f"Bearer {world.pool.token(stranger)}", "x-user-id": ada},
    )
    assert answer.json()["finalized"] == 0


async def test_a_token_of_a_person_is_needed(world: "World") -> None:
    anonymous = await world.client.get("/v1/analytics/me")
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "unauthorized")
    worker = {"Authorization": f"Bearer {world.pool.worker_token('skillsync/transactions.read')}"}
    assert (await world.client.get("/v1/analytics/me", headers=worker)).status_code == 403


async def test_there_is_nothing_to_change(world: "World") -> None:
    headers = {"Authorization": f"Bearer {world.pool.token(new_id())}"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await world.client.request(method, "/v1/analytics/me", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
