"""Equal requests at once with one Idempotency-Key, over two processes: done once, answered to all alike."""

import httpx2

from skillsync_kit.ids import new_id
from skillsync_testing.clients import Clients
from skillsync_testing.proofs import Proof, figure

from .books import Books

CLIENTS = 50


def equal(answers: list[httpx2.Response]) -> int:
    """How many answers are the first one: status, body and ETag."""
    first = answers[0]
    return sum(
        (answer.status_code, answer.content, answer.headers.get("etag"))
        == (first.status_code, first.content, first.headers["etag"])
        for answer in answers
    )


def replayed(answers: list[httpx2.Response]) -> int:
    """How many say that they repeat an earlier answer."""
    return sum(answer.headers.get("idempotent-replayed") == "true" for answer in answers)


@figure("rounds", check=1, prove=10)
async def test_create(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    rows = records = alike = repeats = created = 0
    for _ in proof.rounds(rounds):
        ada, bo, key = new_id(), new_id(), new_id()
        answers = await clients.at_once(*(clients.create(ada, clients.gift(bo, ada), key=key) for _ in range(CLIENTS)))
        created += answers[0].status_code == 201
        alike += equal(answers)
        repeats += replayed(answers)
        rows += await books.authored_by(ada)
        records += await books.keys(ada, key)
    proof.record(
        "one key",
        f"{CLIENTS} equal creates at once with one key, over two processes, {books.isolation}",
        {
            "rows": rounds,
            "records": rounds,
            "equal answers": CLIENTS * rounds,
            "of them replays": (CLIENTS - 1) * rounds,
        },
        {"rows": rows, "records": records, "equal answers": alike, "of them replays": repeats},
    )
    assert created == rounds


@figure("rounds", check=1, prove=10)
async def test_accept(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    entries = events = alike = repeats = accepted = 0
    for _ in proof.rounds(rounds):
        ada, bo, key = new_id(), new_id(), new_id()
        id = await clients.proposed(ada, clients.gift(bo, ada))
        answers = await clients.at_once(*(clients.act("accept", id, bo, key=key) for _ in range(CLIENTS)))
        accepted += answers[0].status_code == 200
        alike += equal(answers)
        repeats += replayed(answers)
        entries += (await books.actions(id)).count("accept")
        events += (await books.events(id)).count("transaction.accepted")
    proof.record(
        "one key",
        f"{CLIENTS} equal accepts at once with one key, over two processes, {books.isolation}",
        {
            "history entries": rounds,
            "events": rounds,
            "equal answers": CLIENTS * rounds,
            "of them replays": (CLIENTS - 1) * rounds,
        },
        {"history entries": entries, "events": events, "equal answers": alike, "of them replays": repeats},
    )
    assert accepted == rounds
