"""The service answers as its OpenAPI document says, to requests that people sign with real tokens."""

from typing import TYPE_CHECKING

from skillsync_kit.ids import new_id
from skillsync_testing.conformance import Hints, explore
from skillsync_testing.openapi import operations
from skillsync_testing.proofs import Proof, figure
from skillsync_transactions.entities import State

if TYPE_CHECKING:
    from tests.conftest import World

# In which states, and for which of its two participants, an operation can succeed.
FITTING = {
    "PATCH /v1/transactions/{id}": (("draft", "author"), ("proposed", "other"), ("accepted", "author")),
    "DELETE /v1/transactions/{id}": (("draft", "author"),),
    "POST /v1/transactions/{id}/propose": (("draft", "author"),),
    "POST /v1/transactions/{id}/accept": (("proposed", "other"),),
    "POST /v1/transactions/{id}/decline": (("proposed", "other"),),
    "POST /v1/transactions/{id}/cancel": (("proposed", "author"), ("accepted", "other")),
    "POST /v1/transactions/{id}/finalize": (("accepted", "other"), ("confirmed", "other")),
    "POST /v1/transactions/{id}/reverse": (("finalized", "author"), ("finalized", "other")),
}


async def hints(world: "World") -> Hints:
    """Transactions in every state, with tokens of those who take part, of a stranger and of a worker."""
    ada, bo, cleo = new_id(), new_id(), new_id()
    # First those that time ends: it ends the others too.
    states = [State.EXPIRED.value, *(state.value for state in State if state is not State.EXPIRED), "confirmed"]
    ids = [await world.in_state(state, ada, bo) for state in states]
    people = {"author": world.pool.token(ada), "other": world.pool.token(bo)}
    fitting = {
        operation: [(await world.in_state(state, ada, bo), people[who]) for state, who in ways]
        for operation, ways in FITTING.items()
    }
    gone = new_id()
    await world.tell(gone, "erased", 1, "erased")
    world.clock.advance(seconds=11)
    await world.farewell.turn()
    scopes = ("users.erase", "users.export", "transactions.read", "events.read", "operations.read")
    worker = world.pool.worker_token(*(f"skillsync/{scope}" for scope in scopes))
    tokens = [*people.values(), world.pool.token(cleo), worker]
    fitting |= {
        f"GET /internal/{path}": [("", worker)] * 5
        for path in ("events", "books", "failed-messages", "processed-messages")
    }
    fitting["GET /internal/statements/{owner}"] = [(ada, worker)] * 3
    fitting["GET /internal/erasures/{user_id}"] = [(gone, worker)]
    fitting["GET /internal/exports/{user_id}"] = [(ada, worker)] * 5
    fitting["GET /internal/trails/{subject}"] = [(id, worker) for id in ids[:3]]
    return Hints(tokens, {"id": ids, "as": [ada, bo, cleo], "terms_rev": [1]}, fitting)


# Good requests of each operation, as many bad ones, and the seed: in each check the same, in a proof its own.
@figure("size", check=(12, 3), prove=(250, None))
async def test_answers_are_as_documented(world: "World", proof: Proof, size: tuple[int, int | None]) -> None:
    examples, seed = size
    document, known = world.app.openapi(), await hints(world)
    explored = await explore(document, world.client, known, examples=examples, seed_number=seed or proof.seed)
    proof.record(
        "OpenAPI",
        "every answer is one that the document foresees",
        {"operations": len(operations(document)), "without a success": "none"},
        {"operations": explored.operations, "without a success": ", ".join(explored.unreached) or "none"},
        f"requests: {explored.requests:,}",
    )
