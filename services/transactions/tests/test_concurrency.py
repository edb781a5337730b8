"""Races over two processes: the first commit wins, the loser is told, and no update is lost."""

import asyncio
from typing import TYPE_CHECKING

import httpx2

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World

WRITERS, UPDATES = 8, 50


async def write(world: "World", id: str, by: str, name: str, updates: int) -> tuple[int, int]:
    """Make so many acknowledged updates under If-Match; how many there were, and how often it was too late."""
    acknowledged = stale = 0
    version = (await world.get(f"/{id}", by)).json()["version"]
    while acknowledged < updates:
        answer = await world.patch(id, by, {"title": f"{name} {acknowledged}"}, version)
        version = int(answer.headers["etag"].strip('"'))
        if answer.status_code == 200:
            acknowledged += 1
        else:
            assert answer.status_code == 412, answer.text
            stale += 1
    return acknowledged, stale


async def test_no_acknowledged_update_is_lost(world: "World", other_process: "World", ada: str, bo: str) -> None:
    id = await world.drafted(ada, bo)
    counts = await asyncio.gather(
        *(write((world, other_process)[n % 2], id, ada, f"writer {n}", UPDATES) for n in range(WRITERS))
    )
    acknowledged = sum(count for count, _ in counts)
    assert acknowledged == WRITERS * UPDATES
    assert sum(stale for _, stale in counts) > 0, "the writers never met"
    assert (await world.get(f"/{id}", ada)).json()["version"] == 1 + acknowledged
    assert [number for number, _ in await world.history(id)] == list(range(1, 2 + acknowledged))


async def ring(world: "World", ada: str, bo: str, cy: str) -> str:
    """A proposed ring of three."""
    pairs = [("me", bo), (bo, cy), (cy, "me")]
    legs = {f"l{n}": {"giver": g, "receiver": r, "skill": "guitar", "minutes": 60} for n, (g, r) in enumerate(pairs)}
    id: str = (await world.create(ada, {"legs": legs})).json()["id"]
    assert (await world.act("propose", id, ada)).status_code == 200
    return id


async def test_acceptances_commute(world: "World", other_process: "World", ada: str, bo: str) -> None:
    cy = new_id()
    for _ in range(15):
        id = await ring(world, ada, bo, cy)
        answers = await asyncio.gather(world.act("accept", id, bo, 1), other_process.act("accept", id, cy, 1))
        assert [answer.status_code for answer in answers] == [200, 200]
        assert sorted(answer.json()["state"] for answer in answers) == ["accepted", "proposed"]
        assert await world.history(id) == [(1, "create"), (2, "propose"), (3, "accept"), (4, "accept")]
        events = await world.events(id)
        assert [event.sequence for event in events] == [1, 2, 3, 4]
        assert [event.type for event in events].count("transaction.accepted.v1") == 1


def only_one_won(answers: list[httpx2.Response], status: int = 409) -> httpx2.Response:
    """The loser's answer: a refusal with what may be done instead."""
    loser, winner = sorted(answers, key=lambda answer: answer.status_code, reverse=True)
    assert (winner.status_code, loser.status_code) == (200, status), [answer.text for answer in answers]
    assert "allowed_actions" in loser.json()
    return loser


async def test_accept_against_revise_has_one_winner(world: "World", other_process: "World", ada: str, bo: str) -> None:
    winners = set()
    for turn in range(15):
        id = await world.proposed(ada, bo)
        revise = other_process.patch(id, ada, {"legs": {"b": {"minutes": 90}}}, 2)
        accept = world.act("accept", id, bo, 1)
        # Each begins first in turn: a race that only ever ends one way would show half of it.
        first, second = (revise, accept) if turn % 2 else (accept, revise)
        answers = list(await asyncio.gather(first, second))
        final = (await world.get(f"/{id}", bo)).json()
        winners.add(final["state"])
        assert final["version"] == 3
        if final["state"] == "accepted":
            loser = only_one_won(answers, 412)
            assert (loser.json()["code"], loser.json()["state"], final["terms_rev"]) == ("stale", "accepted", 1)
        else:
            loser = only_one_won(answers)
            assert (loser.json()["code"], loser.json()["terms_rev"]) == ("terms-changed", 2)
            assert [acceptance["user"] for acceptance in final["acceptances"]] == [ada]
    assert winners == {"accepted", "proposed"}


async def test_two_counter_offers_at_once_have_one_winner(
    world: "World", other_process: "World", ada: str, bo: str
) -> None:
    for _ in range(10):
        id = await world.proposed(ada, bo)
        answers = await asyncio.gather(
            world.patch(id, ada, {"legs": {"b": {"minutes": 90}}}, 2),
            other_process.patch(id, bo, {"legs": {"b": {"minutes": 30}}}, 2),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        assert (await world.get(f"/{id}", ada)).json()["terms_rev"] == 2


async def test_fifty_finalize_at_once_with_distinct_keys_and_it_happens_once(
    world: "World", other_process: "World", ada: str, bo: str
) -> None:
    id = await world.accepted(ada, bo)
    answers = await asyncio.gather(*((world, other_process)[n % 2].act("finalize", id, bo, 1) for n in range(50)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert answers[0].json()["state"] == "finalized"
    assert [action for _, action in await world.history(id)].count("finalize") == 1
    assert [event.type for event in await world.events(id)].count("transaction.finalized.v1") == 1


async def test_both_finalize_at_once_and_it_happens_once(
    world: "World", other_process: "World", ada: str, bo: str
) -> None:
    for _ in range(10):
        id = await world.accepted(ada, bo)
        loser = only_one_won(
            list(await asyncio.gather(world.act("finalize", id, ada, 1), other_process.act("finalize", id, bo, 1)))
        )
        assert (loser.json()["state"], loser.json()["allowed_actions"]) == ("finalized", ["reverse"])
        assert [event.type for event in await world.events(id)].count("transaction.finalized.v1") == 1


async def test_an_edit_and_a_deletion_at_once(world: "World", other_process: "World", ada: str, bo: str) -> None:
    for _ in range(10):
        id = await world.drafted(ada, bo)
        edit, gone = await asyncio.gather(
            world.patch(id, ada, {"title": "x"}, 1),
            other_process.send("DELETE", f"/v1/transactions/{id}", ada, if_match=1),
        )
        assert (edit.status_code, gone.status_code) in {(200, 412), (404, 204)}
