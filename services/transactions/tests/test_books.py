"""GET /internal/books: what the ledger has of each finalized transaction, in pages, for workers."""

from typing import TYPE_CHECKING, Any

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


async def books(world: "World", query: str = "") -> dict[str, Any]:
    """What a worker is answered."""
    token = world.pool.worker_token("skillsync/operations.read")
    answer = await world.send("GET", f"/internal/books{query}", None, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def everything(world: "World", limit: int) -> dict[str, dict[str, Any]]:
    """All pages of so many, by transaction."""
    found, after = dict[str, dict[str, Any]](), ""
    while True:
        page = await books(world, f"?limit={limit}" + (f"&after={after}" if after else ""))
        assert len(page["items"]) <= limit
        found |= {item["transaction_id"]: item for item in page["items"]}
        if page["next"] is None:
            return found
        after = page["next"]


async def test_what_was_finalized_is_told_with_what_was_posted(world: "World") -> None:
    ada, bo = new_id(), new_id()
    hours = await world.finalized(ada, bo, settlement="hours", legs=world.gift(ada, bo, 330))
    free = await world.finalized(ada, bo)
    open_ones = [await world.accepted(ada, bo), await world.proposed(ada, bo), await world.drafted(ada, bo)]
    for limit in (1, 2, 500):
        found = await everything(world, limit)
        assert not found.keys() & set(open_ones)
        told = {
            id: tuple(found[id][name] for name in ("settlement", "minutes", "posted", "taken")) for id in (hours, free)
        }
        assert told == {hours: ("hours", 330, 330, 330), free: ("none", 120, 0, 0)}


async def test_a_worker_of_another_scope_finds_no_such_route(world: "World") -> None:
    token = world.pool.worker_token("skillsync/transactions.read")
    answer = await world.send("GET", "/internal/books", None, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404
