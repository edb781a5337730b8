"""Idempotency-Key: one effect and one answer, however often and however simultaneously a request is sent."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, func, select

from skillsync_kit.database import UnitOfWork
from skillsync_kit.ids import new_id
from skillsync_kit.testing import FixedClock
from skillsync_transactions import tables

if TYPE_CHECKING:
    from tests.conftest import World


async def rows_of(world: "World", author: str) -> int:
    """How many transactions an author has."""
    query = select(func.count()).select_from(tables.transactions).where(tables.transactions.c.author == author)
    async with world.database.read() as connection:
        return (await connection.execute(query)).scalar_one()


async def test_a_replay_is_the_first_answer_marked_as_one(world: "World", ada: str, bo: str) -> None:
    key, body = new_id(), world.swap("me", bo)
    first = await world.create(ada, body, key=key)
    again = await world.create(ada, body, key=key)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (201, first.content)
    assert (again.headers["etag"], again.headers["location"]) == (first.headers["etag"], first.headers["location"])
    assert await rows_of(world, ada) == 1


async def test_the_same_body_written_otherwise_is_the_same_request(world: "World", ada: str) -> None:
    key = new_id()
    first = await world.create(ada, b'{"title": "x", "note": "y"}', key=key)
    again = await world.create(ada, b'{ "note":"\\u0079",\n "title":"x"}', key=key)
    assert (again.headers.get("idempotent-replayed"), again.content) == ("true", first.content)


async def test_another_body_path_or_query_is_another_request(world: "World", ada: str, bo: str) -> None:
    key = new_id()
    assert (await world.create(ada, {"title": "x"}, key=key)).status_code == 201
    draft = await world.drafted(ada, bo)
    for other in (
        await world.create(ada, {"title": "y"}, key=key),
        await world.create(ada, {}, key=key),
        await world.send("POST", "/v1/transactions?x=1", ada, {"title": "x"}, key=key),
        await world.act("propose", draft, ada, key=key),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert (await world.get(f"/{draft}", ada)).json()["state"] == "draft"


async def test_a_key_belongs_to_its_principal(world: "World", ada: str, bo: str) -> None:
    key = new_id()
    of_ada = await world.create(ada, {"title": "x"}, key=key)
    of_bo = await world.create(bo, {"title": "x"}, key=key)
    assert (of_bo.status_code, of_bo.json()["author"]) == (201, bo)
    assert of_bo.json()["id"] != of_ada.json()["id"]


async def test_keys_are_compared_byte_by_byte(world: "World", ada: str) -> None:
    key = f"Key-{new_id()}"
    assert (await world.create(ada, {"title": "x"}, key=key)).status_code == 201
    assert (await world.create(ada, {"title": "y"}, key=key.lower())).status_code == 201


async def test_a_refusal_is_not_kept(world: "World", ada: str, bo: str) -> None:
    key = new_id()
    id = await world.drafted(ada, bo, legs={"a": {"giver": "me", "receiver": bo, "skill": "guitar"}})
    assert (await world.act("propose", id, ada, key=key)).status_code == 422
    await world.patch(id, ada, {"legs": {"a": {"minutes": 60}}}, 1)
    mended = await world.act("propose", id, ada, key=key)
    assert (mended.status_code, mended.json()["state"]) == (200, "proposed")
    assert "idempotent-replayed" not in mended.headers


@pytest.mark.parametrize("key", ["x" * 256, "two words", "ümlaut".encode("latin-1").decode("latin-1"), ""])
async def test_what_is_no_key_is_refused(world: "World", ada: str, key: str) -> None:
    token = f"Bearer {world.pool.token(ada)}".encode()
    headers: Any = {b"authorization": token, b"idempotency-key": key.encode("latin-1")}
    answer = await world.client.post("/v1/transactions", json={}, headers=headers)
    assert answer.status_code == 422
    assert await rows_of(world, ada) == 0


async def test_twenty_equal_requests_at_once_over_two_processes_make_one_row(
    world: "World", other_process: "World", ada: str, bo: str
) -> None:
    key, body = new_id(), world.swap("me", bo)
    answers = await asyncio.gather(
        *((world, other_process)[number % 2].create(ada, body, key=key) for number in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get("idempotent-replayed", "") for answer in answers) == ["", *["true"] * 19]
    assert await rows_of(world, ada) == 1
    assert len(await world.history(answers[0].json()["id"])) == 1


async def test_twenty_equal_actions_at_once_tell_of_it_once(
    world: "World", other_process: "World", ada: str, bo: str
) -> None:
    key, id = new_id(), await world.drafted(ada, bo)
    answers = await asyncio.gather(
        *((world, other_process)[number % 2].act("propose", id, ada, key=key) for number in range(20))
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert [event.type for event in await world.events(id)] == ["transaction.proposed.v1"]
    assert await world.history(id) == [(1, "create"), (2, "propose")]


async def test_equal_requests_at_once_that_all_fail_leave_no_record(
    world: "World", other_process: "World", ada: str
) -> None:
    key, id = new_id(), (await world.create(ada, {})).json()["id"]
    answers = await asyncio.gather(
        *((world, other_process)[number % 2].act("propose", id, ada, key=key) for number in range(10))
    )
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "incomplete")}
    assert (await world.create(ada, {}, key=key)).status_code == 201


async def test_a_replay_is_authorised_afresh(world: "World", ada: str, bo: str) -> None:
    key, id = new_id(), await world.proposed(ada, bo)
    assert (await world.act("accept", id, bo, 1, key=key)).status_code == 200

    async def hide(unit: UnitOfWork) -> None:
        mine = tables.participants.c
        await unit.connection.execute(delete(tables.participants).where(mine.transaction_id == id, mine.user_id == bo))

    await world.database.run(hide)
    refused = await world.act("accept", id, bo, 1, key=key)
    assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    expired = {"Authorization": f"Bearer {world.pool.token(ada, exp=1)}"}
    assert (await world.send("POST", "/v1/transactions", None, {}, headers=expired)).status_code == 401


async def test_a_key_is_kept_for_24_hours(world: "World", ada: str, clock: FixedClock) -> None:
    key = new_id()
    first = await world.create(ada, {"title": "x"}, key=key)
    clock.advance(hours=23, minutes=59)
    assert (await world.create(ada, {"title": "x"}, key=key)).content == first.content
    clock.advance(minutes=1)
    anew = await world.create(ada, {"title": "y"}, key=key)
    assert (anew.status_code, "idempotent-replayed" in anew.headers) == (201, False)
    assert anew.json()["id"] != first.json()["id"]
    # From here on it is the new request's key, for another 24 hours.
    assert (await world.create(ada, {"title": "y"}, key=key)).content == anew.content
    assert (await world.create(ada, {"title": "x"}, key=key)).status_code == 422


async def test_equal_requests_at_once_under_an_expired_key_make_one_row(
    world: "World", other_process: "World", ada: str, clock: FixedClock
) -> None:
    key = new_id()
    await world.create(ada, {"title": "x"}, key=key)
    clock.advance(hours=25)
    answers = await asyncio.gather(
        *((world, other_process)[number % 2].create(ada, {"title": "x"}, key=key) for number in range(10))
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert await rows_of(world, ada) == 2


async def test_a_replay_outlives_the_date_in_the_request(world: "World", ada: str, clock: FixedClock) -> None:
    key, body = new_id(), {"scheduled_for": "2030-01-01T13:00:00Z"}
    first = await world.create(ada, body, key=key)
    clock.advance(hours=2)
    again = await world.create(ada, body, key=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert (await world.create(ada, body)).status_code == 422


async def test_old_records_are_forgotten_and_only_those(world: "World", ada: str, clock: FixedClock) -> None:
    old, young = new_id(), new_id()
    await world.create(ada, {"title": "x"}, key=old)
    clock.advance(hours=20)
    kept = await world.create(ada, {"title": "x"}, key=young)
    clock.advance(hours=5)
    while await world.idempotency.forget_old(world.database, limit=3):
        pass
    query = select(tables.idempotency_records.c.key).where(tables.idempotency_records.c.principal == ada)
    async with world.database.read() as connection:
        assert (await connection.execute(query)).scalars().all() == [young]
    assert (await world.create(ada, {"title": "x"}, key=young)).content == kept.content
