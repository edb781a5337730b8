"""Hours: held at the last acceptance, released or posted, never under the floor, and shown to their owner alone."""

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx2
import pytest
from sqlalchemy import func, select

from skillsync_kit.ids import new_id
from skillsync_transactions import tables

if TYPE_CHECKING:
    from tests.conftest import World

HOURS: dict[str, Any] = {"settlement": "hours"}


async def balance(world: "World", user: str) -> tuple[int, int]:
    """A member's balance, and what is held of it."""
    answer = await world.send("GET", "/v1/ledger/balance", user)
    body = answer.json()
    assert answer.status_code == 200
    assert body["available"] == body["balance"] - body["held"]
    return body["balance"], body["held"]


async def entries(world: "World", user: str) -> list[tuple[str, str, str, int]]:
    """Transaction, leg, counterparty and minutes of a member's entries, the newest first."""
    body = (await world.send("GET", "/v1/ledger", user)).json()
    return [(item["transaction"], item["leg"], item["counterparty"], item["minutes"]) for item in body["items"]]


def gift(world: "World", giver: str, receiver: str, minutes: int = 60) -> dict[str, Any]:
    """The changes that make a gift of a draft."""
    return {**HOURS, "legs": world.gift(giver, receiver, minutes)}


async def spend(world: "World", user: str, minutes: int) -> None:
    """Let a member receive that much from somebody, and have it counted."""
    giver = new_id()
    await world.finalized(giver, user, **gift(world, giver, user, minutes))


async def accept(world: "World", user: str, minutes: int) -> httpx2.Response:
    """Let a member accept a gift of that much."""
    giver = new_id()
    id = await world.proposed(giver, user, **gift(world, giver, user, minutes))
    return await world.act("accept", id, user, 1)


async def test_a_gift_is_held_then_posted(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo, **gift(world, ada, bo, 90))
    assert [await balance(world, user) for user in (ada, bo)] == [(0, 0), (0, 0)]
    await world.act("accept", id, bo, 1)
    assert [await balance(world, user) for user in (ada, bo)] == [(0, 0), (0, 90)]
    assert (await entries(world, ada), await entries(world, bo)) == ([], [])
    await world.act("finalize", id, bo, 1)
    assert [await balance(world, user) for user in (ada, bo)] == [(90, 0), (-90, 0)]
    assert await entries(world, ada) == [(id, "a", bo, 90)]
    assert await entries(world, bo) == [(id, "a", ada, -90)]


async def test_a_worker_is_told_what_was_given_and_received_of_late(
    world: "World", ada: str, bo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that what is counted lies on several pages.
    monkeypatch.setattr("skillsync_transactions.service.ledger._PAGE", 1)
    await world.finalized(ada, bo, **gift(world, ada, bo, 300))
    world.clock.advance(days=7)
    since = world.clock.now()
    await world.finalized(ada, bo, **gift(world, ada, bo, 90))
    await world.finalized(bo, ada, **gift(world, bo, ada, 60))
    await world.accepted(bo, ada, **gift(world, bo, ada, 30))
    reads = {"Authorization": f"Bearer {world.pool.worker_token('skillsync/transactions.read')}"}
    told = []
    for owner in (ada, bo, new_id()):
        path = f"/internal/statements/{owner}?{urlencode({'since': since.isoformat()})}"
        told.append(list((await world.send("GET", path, None, headers=reads)).json().values()))
    assert told == [[330, 300, -600, 90, 60], [-330, -330, -600, 60, 90], [0, 0, -600, 0, 0]]


async def test_of_a_swap_the_difference_is_held_and_each_leg_posted(world: "World", ada: str, bo: str) -> None:
    legs = world.swap(ada, bo)["legs"]
    legs["b"]["minutes"] = 90
    id = await world.accepted(ada, bo, **HOURS, legs=legs)
    assert [await balance(world, user) for user in (ada, bo)] == [(0, 30), (0, 0)]
    await world.act("finalize", id, bo, 1)
    assert [await balance(world, user) for user in (ada, bo)] == [(-30, 0), (30, 0)]
    assert sorted(await entries(world, ada)) == [(id, "a", bo, 60), (id, "b", bo, -90)]


async def test_a_ring_of_eight(world: "World") -> None:
    ring = [new_id() for _ in range(8)]
    legs = {
        str(n): {"giver": giver, "receiver": ring[(n + 1) % 8], "skill": "guitar", "minutes": 60 + 15 * n}
        for n, giver in enumerate(ring)
    }
    id = await world.proposed(ring[0], ring[1], **HOURS, legs=legs)
    for user in ring[1:]:
        assert (await world.act("accept", id, user, 1)).status_code == 200
    for user in ring:
        last = await world.act("finalize", id, user, 1)
    assert last.json()["state"] == "finalized"
    balances = [await balance(world, user) for user in ring]
    assert balances == [(60 - 165, 0), *[(15, 0)] * 7]


@pytest.mark.parametrize("way", ["cancel", "amend", "expire"])
async def test_what_does_not_take_place_is_released(world: "World", ada: str, bo: str, way: str) -> None:
    id = await world.accepted(ada, bo, **gift(world, ada, bo))
    assert await balance(world, bo) == (0, 60)
    if way == "cancel":
        assert (await world.act("cancel", id, bo, body={"reason": "Ill"})).status_code == 200
    elif way == "amend":
        amended = await world.patch(id, bo, {"legs": {"a": {"minutes": 120}}}, 3)
        assert (amended.json()["state"], amended.json()["terms_rev"]) == ("proposed", 2)
    else:
        world.clock.advance(days=60)
        await world.sweep()
        assert (await world.get(f"/{id}", bo)).json()["state"] == "expired"
    assert await balance(world, bo) == (0, 0)
    if way == "amend":
        assert (await world.act("accept", id, ada, 2)).json()["state"] == "accepted"
        assert await balance(world, bo) == (0, 120)


async def test_without_settlement_nothing_moves(world: "World", ada: str, bo: str) -> None:
    await world.finalized(ada, bo, settlement="none", legs=world.gift(ada, bo))
    assert [await balance(world, user) for user in (ada, bo)] == [(0, 0), (0, 0)]
    assert await entries(world, ada) == []


async def test_a_settlement_that_is_amended_away_releases_what_the_old_terms_held(
    world: "World", ada: str, bo: str
) -> None:
    id = await world.accepted(ada, bo, **gift(world, ada, bo))
    await world.patch(id, ada, {"settlement": "none"}, 3)
    assert await balance(world, bo) == (0, 0)
    await world.act("accept", id, bo, 2)
    await world.act("finalize", id, bo, 2)
    assert await balance(world, bo) == (0, 0)


async def test_the_floor_is_reached_and_not_crossed(world: "World", bo: str) -> None:
    await spend(world, bo, 300)
    assert (await accept(world, bo, 285)).json()["state"] == "accepted"
    refused = await accept(world, bo, 30)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-enough-hours")
    assert (refused.json()["state"], refused.json()["allowed_actions"]) == ("proposed", ["accept", "decline", "revise"])
    assert (await accept(world, bo, 15)).json()["state"] == "accepted"
    assert await balance(world, bo) == (-300, 300)


async def test_another_s_lack_of_hours_is_not_told_by_name(world: "World", ada: str, bo: str) -> None:
    await spend(world, bo, 600)
    id = await world.proposed(bo, ada, **gift(world, ada, bo))
    refused = await world.act("accept", id, ada, 1)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-enough-hours")
    assert "You" not in refused.json()["detail"]
    own = await accept(world, bo, 15)
    assert "You" in own.json()["detail"]
    # Nothing of the refused acceptance stayed.
    assert (await world.get(f"/{id}", ada)).json()["version"] == 2
    assert await balance(world, bo) == (-600, 0)


async def test_a_race_for_the_last_hours_has_one_winner(world: "World", other_process: "World", bo: str) -> None:
    await spend(world, bo, 540)
    givers = [new_id() for _ in range(6)]
    ids = [await world.proposed(giver, bo, **gift(world, giver, bo)) for giver in givers]
    answers = await asyncio.gather(
        *((world, other_process)[n % 2].act("accept", id, bo, 1) for n, id in enumerate(ids))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert await balance(world, bo) == (-540, 60)


async def test_who_crosses_the_soft_limit_is_told_once(world: "World", bo: str) -> None:
    assert (await accept(world, bo, 300)).status_code == 200
    assert await world.events(bo) == []
    assert (await accept(world, bo, 15)).status_code == 200
    assert (await accept(world, bo, 15)).status_code == 200
    (event,) = await world.events(bo)
    assert (event.type, event.sequence, event.actor) == ("account.soft_limit_crossed.v1", 1, bo)
    assert event.data == {"from": -300, "to": -315, "soft_limit": -300, "floor": -600}


async def test_a_reversal_gives_back(world: "World", ada: str, bo: str) -> None:
    id = await world.finalized(ada, bo, **gift(world, ada, bo, 120))
    reversal = (await world.act("reverse", id, ada, body={"reason": "Counted twice"})).json()
    await world.act("accept", reversal["id"], bo, 1)
    await world.act("finalize", reversal["id"], ada, 1)
    assert [await balance(world, user) for user in (ada, bo)] == [(0, 0), (0, 0)]
    assert await entries(world, ada) == [(reversal["id"], "a", bo, -120), (id, "a", bo, 120)]


async def test_the_ledger_comes_in_pages(world: "World", ada: str, bo: str) -> None:
    ids = [await world.finalized(ada, bo, **gift(world, ada, bo, 15)) for _ in range(5)]
    seen, path, sizes = [], "/v1/ledger?limit=2", []
    while path:
        answer = await world.send("GET", path, bo)
        seen += [item["transaction"] for item in answer.json()["items"]]
        sizes.append(len(answer.json()["items"]))
        path = answer.headers.get("link", "<>").partition(">")[0].lstrip("<")
    assert (seen, sizes) == (ids[::-1], [2, 2, 1])
    refused = await world.send("GET", "/v1/ledger?cursor=nonsense", bo)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "the query: cursor")


async def test_who_never_exchanged_has_an_empty_account(world: "World") -> None:
    user = new_id()
    answer = await world.send("GET", "/v1/ledger/balance", user)
    assert answer.json() == {"account": user, "balance": 0, "held": 0, "available": 0, "floor": -600}
    assert (await world.send("GET", "/v1/ledger", user)).json() == {"items": [], "next": None}


async def test_the_whole_ledger_sums_to_zero(world: "World") -> None:
    async with world.database.read() as connection:
        entry, account = tables.entries.c, tables.accounts.c
        sums = select(entry.transaction_id, func.sum(entry.minutes)).group_by(entry.transaction_id)
        assert {total for _, total in await connection.execute(sums)} <= {0}
        assert (await connection.execute(select(func.sum(account.balance)))).scalar_one_or_none() in (0, None)
        under = select(account.owner).where(account.balance - account.held < account.floor)
        assert (await connection.execute(under)).all() == []
