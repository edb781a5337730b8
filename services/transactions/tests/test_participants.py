"""Participants are active members: asked of the users service for names, refused by what events told of them."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import new_id
from skillsync_transactions import tables

if TYPE_CHECKING:
    from tests.conftest import World


async def test_without_the_users_service_a_new_draft_must_wait_but_nothing_else(
    world: "World", ada: str, bo: str
) -> None:
    key, body = new_id(), world.swap("me", bo)
    first = await world.create(ada, body, key=key)
    id = first.json()["id"]
    world.people.is_away = True
    refused = await world.create(ada, body)
    assert (refused.status_code, refused.json()["code"]) == (503, "dependency-unavailable")
    assert int(refused.headers["retry-after"]) >= 1
    replayed = await world.create(ada, body, key=key)
    assert (replayed.status_code, replayed.content) == (201, first.content)
    reused = await world.create(ada, {**body, "title": "x"}, key=key)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")
    for answer in (
        await world.patch(id, ada, {"legs": {"b": {"minutes": 90}}}, 1),
        await world.act("propose", id, ada),
        await world.act("accept", id, bo, 2),
        await world.act("finalize", id, bo, 2),
    ):
        assert answer.status_code == 200, answer.text
    # Its names were kept with it, so it can be shown whole.
    assert (await world.get(f"/{id}", bo)).json()["participants"][0]["first_name"] == "Given"


async def test_a_refused_draft_leaves_its_key_free(world: "World", ada: str, bo: str) -> None:
    key = new_id()
    world.people.is_away = True
    assert (await world.create(ada, world.swap("me", bo), key=key)).status_code == 503
    world.people.is_away = False
    assert (await world.create(ada, world.swap("me", bo), key=key)).status_code == 201


async def test_someone_unknown_cannot_be_named(world: "World", ada: str, bo: str) -> None:
    world.people.unknown.add(bo)
    refused = await world.create(ada, world.swap("me", bo))
    assert (refused.status_code, refused.json()["code"]) == (422, "participant-unavailable")
    assert sorted(error["pointer"] for error in refused.json()["errors"]) == ["/legs/a/receiver", "/legs/b/giver"]
    id = (await world.create(ada, {})).json()["id"]
    refused = await world.patch(id, ada, {"legs": {"a": {"giver": "me", "receiver": bo}}}, 1)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/legs/a/receiver"]
    assert (await world.get(f"/{id}", ada)).json()["version"] == 1


async def test_someone_without_a_profile_cannot_write(world: "World", ada: str, bo: str) -> None:
    world.people.unknown.add(ada)
    refused = await world.create(ada, world.swap("me", bo))
    assert (refused.status_code, refused.json()["code"]) == (403, "not-a-member")


async def test_a_newcomer_to_a_draft_is_looked_up_once_and_kept(world: "World", ada: str, bo: str) -> None:
    id, cy = await world.drafted(ada, bo), new_id()
    asked = world.people.asked
    await world.patch(id, ada, {"legs": {"b": {"minutes": 30}}}, 1)
    assert world.people.asked == asked
    changed = await world.patch(id, ada, {"legs": {"b": {"giver": cy}}}, 2)
    assert world.people.asked == asked + 1
    assert [(p["id"], p["last_name"]) for p in changed.json()["participants"]] == [
        (ada, ada[-4:]),
        *sorted([(bo, bo[-4:]), (cy, cy[-4:])]),
    ]


@pytest.mark.parametrize("status", ["suspended", "erased"])
async def test_who_is_not_active_cannot_be_brought_in(world: "World", ada: str, bo: str, status: str) -> None:
    id = await world.drafted(ada, bo)
    await world.tell(bo, status)
    for refused in (await world.create(ada, world.swap("me", bo)), await world.act("propose", id, ada)):
        assert (refused.status_code, refused.json()["code"]) == (422, "participant-unavailable")
        assert sorted(error["pointer"] for error in refused.json()["errors"]) == ["/legs/a/receiver", "/legs/b/giver"]
    assert await world.events(id) == []


async def test_who_is_suspended_may_read_but_not_act(world: "World", ada: str, bo: str) -> None:
    proposed, accepted = await world.proposed(ada, bo), await world.accepted(ada, bo)
    draft, of_bo = await world.drafted(bo, ada), await world.drafted(bo, ada)
    await world.tell(bo, "suspended")
    for refused in (
        await world.create(bo, world.swap("me", ada)),
        await world.create(bo, {}),
        await world.patch(proposed, bo, {"title": "x"}, 2),
        await world.patch(draft, bo, {"title": "x"}, 1),
        await world.act("propose", draft, bo),
        await world.act("accept", proposed, bo, 1),
        await world.act("finalize", accepted, bo, 1),
        await world.send("DELETE", f"/v1/transactions/{of_bo}", bo, if_match=1),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "not-a-member"), refused.request
    assert (await world.get(f"/{proposed}", bo)).status_code == 200
    assert len((await world.get("", bo)).json()["items"]) == 4
    assert [event.type for event in await world.events(proposed)] == ["transaction.proposed.v1"]


async def test_who_is_reinstated_may_act_again(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    await world.tell(bo, "suspended", 2, "suspended")
    assert (await world.act("accept", id, bo, 1)).status_code == 403
    await world.tell(bo, "active", 3, "reinstated")
    assert (await world.act("accept", id, bo, 1)).status_code == 200


async def test_the_newest_status_wins_in_whatever_order_the_events_come(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    await world.tell(bo, "suspended", 3, "suspended")
    for older in ((2, "updated"), (1, "created"), (3, "reinstated")):
        await world.tell(bo, "active", *older)
    assert (await world.act("accept", id, bo, 1)).status_code == 403
    await world.tell(bo, "active", 4)
    assert (await world.act("accept", id, bo, 1)).status_code == 200


@pytest.mark.parametrize("data", [{}, {"to": None}, {"to": 7}])
async def test_a_status_that_cannot_be_read_is_for_the_dead_letter_queue(
    world: "World", ada: str, data: dict[str, object]
) -> None:
    event = Event(new_id(), "user.updated.v1", "/users", ada, 1, world.clock.now(), data)
    with pytest.raises(UnreadableEvent, match=r"data\.to"):
        await world.inbox.receive(event.to_json())


async def test_who_was_taken_out_of_a_draft_leaves_no_name_behind(world: "World", ada: str, bo: str) -> None:
    id, cy = await world.drafted(ada, bo), new_id()

    async def kept() -> set[str]:
        async with world.database.read() as connection:
            query = select(tables.texts.c.names).where(tables.texts.c.transaction_id == id)
            return set((await connection.execute(query)).scalar_one())

    await world.patch(id, ada, {"legs": {"b": {"giver": cy}}}, 1)
    assert await kept() == {ada, bo, cy}
    await world.patch(id, ada, {"legs": {"b": {"giver": bo}}}, 2)
    assert await kept() == {ada, bo}
