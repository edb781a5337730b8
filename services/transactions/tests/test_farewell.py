"""A person is erased: what is open ends, what names them is emptied, numbers and history stay as they were."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Text, cast, select

from skillsync_kit.ids import new_id
from skillsync_transactions import tables

if TYPE_CHECKING:
    from tests.conftest import World

SCOPE = "skillsync/users.erase"


async def erase(world: "World", user: str) -> None:
    """Let the service hear of it, and do its part."""
    await world.tell(user, "erased", 9, "erased")
    world.clock.advance(seconds=11)
    await world.farewell.turn()


async def acknowledged(world: "World", user: str) -> int:
    """What the service answers the worker that asks."""
    token = world.pool.worker_token(SCOPE)
    headers = {"Authorization": f"Bearer {token}"}
    return (await world.send("GET", f"/internal/erasures/{user}", None, headers=headers)).status_code


async def everything(world: "World", *ids: str) -> str:
    """What any row says of these transactions or people, and every kept answer."""
    found = []
    async with world.database.read() as connection:
        for table in tables.metadata.sorted_tables:
            columns = [cast(column, Text) for column in table.c]
            rows = (await connection.execute(select(*columns))).all()
            found += ["|".join(str(cell) for cell in row) for row in rows]
    return "\n".join(line for line in found if any(id in line for id in ids))


async def test_what_is_open_is_cancelled_by_nobody_and_the_hours_are_free(world: "World", ada: str, bo: str) -> None:
    proposed = await world.proposed(ada, bo)
    received = await world.proposed(bo, ada)
    accepted = await world.accepted(ada, bo, settlement="hours", legs=world.gift(ada, bo))
    confirmed = await world.confirmed(ada, bo)
    held = (await world.send("GET", "/v1/ledger/balance", bo)).json()["held"]
    assert held > 0
    await erase(world, ada)
    for id in (proposed, received, accepted, confirmed):
        shown = (await world.get(f"/{id}", bo)).json()
        assert (shown["state"], shown["ended_by"]) == ("cancelled", None), id
        event = (await world.events(id))[-1]
        assert (event.type, event.actor) == ("transaction.cancelled.v1", None)
        assert (await world.history(id))[-1][1] == "cancel"
    assert (await world.send("GET", "/v1/ledger/balance", bo)).json()["held"] == 0


async def test_finished_ones_keep_their_numbers_and_lose_names_and_words(world: "World", ada: str, bo: str) -> None:
    legs = world.gift(ada, bo)
    id = await world.finalized(ada, bo, title="Secret title", note="Secret note", settlement="hours", legs=legs)
    before = (await world.get(f"/{id}", bo)).json()
    ledger = (await world.send("GET", "/v1/ledger", bo)).json()
    events = len(await world.events(id))
    await erase(world, ada)
    after = (await world.get(f"/{id}", bo)).json()
    names = {person["id"]: person["display_name"] for person in after["participants"]}
    assert names == {ada: "Former member", bo: names[bo]}
    assert names[bo] != "Former member"
    assert (after["title"], after["note"], after["reason"]) == ("", "", None)
    emptied = {"participants": None, "title": None, "note": None}
    assert {**after, **emptied} == {**before, **emptied}
    assert (await world.send("GET", "/v1/ledger", bo)).json() == ledger
    assert len(await world.events(id)) == events


async def test_no_row_names_the_person_not_even_anothers_draft_or_kept_answer(
    world: "World", ada: str, bo: str
) -> None:
    ids = [
        await world.drafted(ada, bo, title="Zanzibar"),
        await world.proposed(bo, ada, title="Zanzibar"),
        await world.finalized(ada, bo, title="Zanzibar"),
        await world.drafted(bo, ada),
    ]
    first = (await world.get(f"/{ids[2]}", bo)).json()["participants"]
    # In quotes, for the fakes make names of the ends of ids.
    name = next(f'"{person["last_name"]}"' for person in first if person["id"] == ada)
    before = await everything(world, *ids, ada)
    assert name in before
    assert "Zanzibar" in before
    await erase(world, ada)
    after = await everything(world, *ids, ada)
    assert name not in after
    assert "Zanzibar" not in after
    assert (await world.get(f"/{ids[0]}", ada)).status_code == 404
    draft = (await world.get(f"/{ids[3]}", bo)).json()
    assert [p["display_name"] for p in draft["participants"] if p["id"] == ada] == ["Former member"]
    assert (draft["title"], draft["version"]) == ("Guitar for German", 1)
    refused = await world.act("propose", ids[3], bo)
    assert (refused.status_code, refused.json()["code"]) == (422, "participant-unavailable")


async def test_a_kept_answer_of_a_partner_is_replayed_without_the_person(world: "World", ada: str, bo: str) -> None:
    key = new_id()
    id = (await world.create(bo, world.swap("me", ada), key=key)).json()["id"]
    await world.act("propose", id, bo)
    await erase(world, ada)
    again = await world.create(bo, world.swap("me", ada), key=key)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    shown = {person["id"]: person["display_name"] for person in again.json()["participants"]}
    assert (shown[ada], again.json()["title"]) == ("Former member", "")


async def test_it_is_acknowledged_once_no_request_can_still_bring_the_names_back(
    world: "World", ada: str, bo: str
) -> None:
    assert await acknowledged(world, ada) == 404
    id = await world.proposed(ada, bo)
    await world.tell(ada, "erased", 9, "erased")
    await world.farewell.turn()
    assert (await world.get(f"/{id}", bo)).json()["state"] == "cancelled"
    assert await acknowledged(world, ada) == 404
    late = await world.drafted(bo, new_id())
    world.clock.advance(seconds=11)
    await world.farewell.turn()
    assert await acknowledged(world, ada) == 200
    assert (await world.get(f"/{late}", bo)).json()["state"] == "draft"


async def test_what_comes_late_or_twice_brings_nobody_back(world: "World", ada: str, bo: str) -> None:
    await erase(world, ada)
    await world.tell(ada, "erased", 9, "erased")
    await world.tell(ada, "active", 3, "updated")
    refused = await world.create(bo, world.swap("me", ada))
    assert (refused.status_code, refused.json()["code"]) == (422, "participant-unavailable")
    assert (await world.create(ada, {})).json()["code"] == "not-a-member"
    assert await acknowledged(world, ada) == 200


async def test_many_are_left_page_by_page(world: "World", ada: str, bo: str, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr("skillsync_transactions.service.farewell._AT_ONCE", 2)
    ids = [await world.proposed(ada, bo) for _ in range(5)]
    await erase(world, ada)
    assert {(await world.get(f"/{id}", bo)).json()["state"] for id in ids} == {"cancelled"}
