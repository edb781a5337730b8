"""Promise 3: fifty clients finalize one transaction, and it happens once."""

from collections import Counter

from skillsync_kit.ids import new_id
from skillsync_testing.clients import Clients
from skillsync_testing.proofs import Proof, figure

from .books import Books

CLIENTS = 50
MINUTES = 60


async def happened(books: Books, id: str, giver: str, receiver: str) -> Counter[str]:
    """How often the finalization is in the history, in the outbox and in the ledger."""
    posted = await books.postings(id) == sorted([(giver, MINUTES), (receiver, -MINUTES)])
    return Counter(
        {
            "history entries": (await books.actions(id)).count("finalize"),
            "events": (await books.events(id)).count("transaction.finalized"),
            "postings": int(posted),
        }
    )


def demanded(rounds: int, equal_answers: int) -> dict[str, int]:
    return {"history entries": rounds, "events": rounds, "postings": rounds, "equal answers": equal_answers}


@figure("rounds", check=1, prove=10)
async def test_with_one_key(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    seen, equal = Counter[str](), 0
    for _ in proof.rounds(rounds):
        ada, bo, key = new_id(), new_id(), new_id()
        id = await clients.accepted(ada, bo, clients.gift(ada, bo, MINUTES))
        answers = await clients.at_once(*(clients.act("finalize", id, bo, key=key) for _ in range(CLIENTS)))
        alike = Counter((answer.status_code, answer.content, answer.headers.get("etag")) for answer in answers)
        equal += alike[200, answers[0].content, '"4"']
        seen += await happened(books, id, ada, bo)
    what = f"{CLIENTS} clients finalize one transaction with one key, {books.isolation}"
    proof.record("3", what, demanded(rounds, CLIENTS * rounds), {**seen, "equal answers": equal})


@figure("rounds", check=1, prove=10)
async def test_with_distinct_keys(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    seen, equal = Counter[str](), 0
    for _ in proof.rounds(rounds):
        ada, bo = new_id(), new_id()
        id = await clients.accepted(ada, bo, clients.gift(ada, bo, MINUTES))
        answers = await clients.at_once(*(clients.act("finalize", id, bo) for _ in range(CLIENTS)))
        equal += sum((a.status_code, a.content) == (200, answers[0].content) for a in answers)
        seen += await happened(books, id, ada, bo)
    what = f"{CLIENTS} clients finalize one transaction with distinct keys, {books.isolation}"
    proof.record("3", what, demanded(rounds, CLIENTS * rounds), {**seen, "equal answers": equal})


@figure("rounds", check=1, prove=10)
async def test_by_both_with_a_few_keys(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    """Both receive, so either may finalize: who is first has 200 on every key, the other 409 on every key."""
    seen, won, lost, other = Counter[str](), 0, 0, 0
    for _ in proof.rounds(rounds):
        ada, bo, keys = new_id(), new_id(), [new_id() for _ in range(5)]
        pair = (ada, bo)
        id = await clients.accepted(ada, bo, clients.swap(ada, bo))
        answers = await clients.at_once(
            *(clients.act("finalize", id, pair[n % 2], key=keys[n // 2 % 5], at=n // 10) for n in range(CLIENTS))
        )
        first = next(n % 2 for n, answer in enumerate(answers) if answer.status_code == 200)
        for n, answer in enumerate(answers):
            told = answer.json()
            if n % 2 == first:
                won += (answer.status_code, told["state"], told["version"]) == (200, "finalized", 4)
            elif (answer.status_code, told.get("code"), told.get("state")) == (409, "wrong-state", "finalized"):
                lost += told["allowed_actions"] == ["reverse"]
            else:
                other += 1
        seen["history entries"] += (await books.actions(id)).count("finalize")
        seen["events"] += (await books.events(id)).count("transaction.finalized")
        seen["postings"] += len(await books.postings(id)) == 4
    half = CLIENTS // 2 * rounds
    figures = {"history entries": rounds, "events": rounds, "postings": rounds}
    proof.record(
        "3",
        f"{CLIENTS} clients of both receivers finalize one transaction, five keys each, {books.isolation}",
        {**figures, "the first's 200": half, "the other's 409": half, "other answers": 0},
        {**seen, "the first's 200": won, "the other's 409": lost, "other answers": other},
    )
