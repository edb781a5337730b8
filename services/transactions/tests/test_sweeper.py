"""What time does: expiry and finalization, once each, whoever else is at it, and never in the way of the guards."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from skillsync_transactions.entities import Transaction

if TYPE_CHECKING:
    from tests.conftest import World


async def test_a_proposal_that_nobody_answers_expires(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    world.clock.advance(days=13, hours=23)
    await world.sweep()
    assert (await world.get(f"/{id}", ada)).json()["state"] == "proposed"
    world.clock.advance(hours=1)
    late = await world.act("accept", id, bo, 1)
    assert (late.status_code, late.json()["code"], late.json()["allowed_actions"]) == (409, "wrong-state", [])
    await world.sweep()
    expired = (await world.get(f"/{id}", ada)).json()
    assert (expired["state"], expired["version"], expired["expires_at"], expired["ended_by"]) == (
        "expired",
        3,
        None,
        None,
    )
    entry = (await world.get(f"/{id}/history", bo)).json()["items"][-1]
    assert (entry["action"], entry["actor"], entry["from"], entry["to"]) == ("expire", None, "proposed", "expired")
    event = (await world.events(id))[-1]
    assert (event.type, event.actor, event.data["from"]) == ("transaction.expired.v1", None, "proposed")


async def test_an_exchange_that_nobody_confirms_expires(world: "World", ada: str, bo: str) -> None:
    at = "2030-01-08T12:00:00Z"
    scheduled, unscheduled = await world.accepted(ada, bo, scheduled_for=at), await world.accepted(ada, bo)
    assert (await world.get(f"/{scheduled}", ada)).json()["expires_at"] == "2030-02-07T12:00:00Z"
    assert (await world.get(f"/{unscheduled}", ada)).json()["expires_at"] == "2030-03-02T12:00:00Z"
    world.clock.advance(days=37)
    assert (await world.act("finalize", scheduled, ada, 1)).json()["code"] == "wrong-state"
    await world.sweep()
    assert (await world.get(f"/{scheduled}", ada)).json()["state"] == "expired"
    assert (await world.get(f"/{unscheduled}", ada)).json()["state"] == "accepted"


async def test_silence_after_a_confirmation_finalizes(world: "World", ada: str, bo: str) -> None:
    id = await world.accepted(ada, bo, settlement="hours", legs=world.gift(ada, bo))
    confirmed = (await world.act("finalize", id, ada, 1)).json()
    assert (confirmed["state"], confirmed["expires_at"]) == ("accepted", None)
    assert confirmed["finalizes_at"] == "2030-01-15T12:00:00Z"
    world.clock.advance(days=14)
    late = await world.act("cancel", id, bo, body={"reason": "Too late"})
    assert (late.status_code, late.json()["code"]) == (409, "wrong-state")
    await world.sweep()
    finalized = (await world.get(f"/{id}", bo)).json()
    assert (finalized["state"], finalized["finalizes_at"]) == ("finalized", None)
    event = (await world.events(id))[-1]
    assert (event.type, event.actor) == ("transaction.finalized.v1", None)
    assert (await world.send("GET", "/v1/ledger/balance", ada)).json()["balance"] == 60


async def test_several_at_once_end_each_once(world: "World", other_process: "World", ada: str, bo: str) -> None:
    ids = [await world.proposed(ada, bo) for _ in range(12)]
    world.clock.advance(days=14)
    await asyncio.gather(*(process.sweep() for process in (world, other_process) * 2))
    for id in ids:
        assert [action for _, action in await world.history(id)] == ["create", "propose", "expire"]
        assert [event.type for event in await world.events(id)].count("transaction.expired.v1") == 1


async def test_a_turn_is_bounded_and_one_that_fails_holds_nobody_up(
    world: "World", ada: str, bo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.sweep()
    monkeypatch.setattr("skillsync_kit.sweeper._AT_ONCE", 2)
    ids = [await world.proposed(ada, bo) for _ in range(5)]
    world.clock.advance(days=14)
    end = Transaction.pass_time
    broken = set(ids[:2])

    def fail_for_some(it: Transaction, now: object) -> object:
        if it.id in broken:
            raise RuntimeError("broken")
        return end(it, now)  # type: ignore[arg-type]

    monkeypatch.setattr(Transaction, "pass_time", fail_for_some)
    assert [await world.sweeper.turn() for _ in range(3)] == [2, 2, 1]
    states = [(await world.get(f"/{id}", ada)).json()["state"] for id in ids]
    assert states == ["proposed", "proposed", "expired", "expired", "expired"]
    broken.clear()
    await world.sweep()
    assert (await world.get(f"/{ids[0]}", ada)).json()["state"] == "expired"


async def test_it_runs_until_told_to_stop(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    world.clock.advance(days=14)
    stopping = asyncio.Event()
    running = asyncio.create_task(world.sweeper.run(stopping))
    # Each look is a turn of the event loop, in which the sweeper goes on too; the test's time limit ends them.
    while (await world.get(f"/{id}", ada)).json()["state"] != "expired":
        pass
    stopping.set()
    await asyncio.wait_for(running, 10)
