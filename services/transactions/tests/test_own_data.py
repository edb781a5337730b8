"""What this service hands out of a person: all they may see themselves, and nobody else's."""

from typing import TYPE_CHECKING, Any

from skillsync_kit.ids import new_id
from skillsync_testing.exports import exported

if TYPE_CHECKING:
    from tests.conftest import World


async def export(world: "World", user: str) -> dict[str, list[dict[str, Any]]]:
    """The rows by part."""
    return await exported(world.client, world.pool.worker_token("skillsync/users.export"), user)


async def test_a_person_gets_what_they_may_see_and_others_by_the_name_they_show(
    world: "World", ada: str, bo: str
) -> None:
    finished = await world.finalized(ada, bo, settlement="hours", legs=world.gift(ada, bo), note="=1+1")
    declined = await world.proposed(ada, bo)
    await world.act("decline", declined, bo, body={"reason": "Away"})
    draft = await world.drafted(ada, bo)
    # Bo's own draft names Ada, who knows nothing of it.
    await world.drafted(bo, ada)
    found = await export(world, ada)
    assert list(found) == ["transactions", "history", "ledger", "balance"]
    assert [row["id"] for row in found["transactions"]] == [draft, declined, finished]
    whole = found["transactions"][-1]
    assert whole["note"] == "=1+1"
    assert whole["legs"] == [{"leg": "a", "giver": ada, "receiver": bo, "skill": "guitar", "minutes": 60}]
    assert {"id": bo, "display_name": f"G. {bo[-4:]}"} in whole["participants"]
    assert "Given" not in str(found)
    of_declined = [row for row in found["history"] if row["transaction"] == declined]
    assert [(row["number"], row["action"], row["reason"]) for row in of_declined] == [
        (1, "create", None),
        (2, "propose", None),
        (3, "decline", "Away"),
    ]
    assert {row["transaction"] for row in found["history"]} == {draft, declined, finished}
    assert [(row["transaction"], row["minutes"], row["counterparty"]) for row in found["ledger"]] == [
        (finished, 60, bo)
    ]
    assert found["balance"] == [{"balance": 60, "held": 0, "floor": -600}]


async def test_somebody_without_transactions_gets_an_empty_account(world: "World") -> None:
    assert await export(world, new_id()) == {
        "transactions": [],
        "history": [],
        "ledger": [],
        "balance": [{"balance": 0, "held": 0, "floor": -600}],
    }


async def test_a_history_longer_than_a_page_comes_whole(world: "World", ada: str, bo: str) -> None:
    ids = [await world.drafted(ada, bo) for _ in range(21)]
    long = ids[7]
    for version in range(1, 111):
        answer = await world.patch(long, ada, {"title": f"Title {version}"}, version)
        assert answer.status_code == 200
    rows = [(row["transaction"], row["number"]) for row in (await export(world, ada))["history"]]
    assert rows == sorted([*((id, 1) for id in ids), *((long, number) for number in range(2, 112))])
