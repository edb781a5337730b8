"""Limits that a race must not cross: an account's floor, and twenty open proposals."""

import asyncio
from collections import Counter

import httpx2

from skillsync_kit.ids import new_id
from skillsync_testing.clients import Clients
from skillsync_testing.proofs import Proof, figure

from .books import Books

# An account begins at 0 with a floor of -600 minutes: room for one of these, exactly.
ALL_THERE_IS = 600
GIVERS = 8
DRAFTS, MOST_OPEN = 30, 20


async def gifts(clients: Clients, givers: list[str], poor: str, *, asked_for: bool) -> list[str]:
    """Proposals of all that one has room for, from each giver; by the givers, or by the one who asks for them."""
    bodies = [(giver, clients.gift(giver, poor, ALL_THERE_IS)) for giver in givers]
    return await asyncio.gather(*(clients.proposed(poor if asked_for else giver, body) for giver, body in bodies))


def record(proof: Proof, what: str, rounds: int, answers: list[httpx2.Response], kept: int) -> None:
    """One of those at once is accepted, every other one is told why not, and the hold is that of the one."""
    demanded = {"accepted": rounds, "not-enough-hours": (GIVERS - 1) * rounds, "floors kept": rounds}
    proof.record("5", what, demanded, {**Counter(map(Clients.outcome, answers)), "floors kept": kept})


@figure("rounds", check=2, prove=50)
async def test_the_floor_when_one_accepts_everything(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    answers, kept = list[httpx2.Response](), 0
    for _ in proof.rounds(rounds):
        poor, givers = new_id(), [new_id() for _ in range(GIVERS)]
        ids = await gifts(clients, givers, poor, asked_for=False)
        answers += await clients.at_once(*(clients.act("accept", id, poor) for id in ids))
        kept += await books.account(poor) == (0, ALL_THERE_IS)
    what = f"{GIVERS} gifts accepted at once by one with room for one, {books.isolation}"
    record(proof, what, rounds, answers, kept)


@figure("rounds", check=2, prove=50)
async def test_the_floor_when_others_accept(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    answers, kept = list[httpx2.Response](), 0
    for _ in proof.rounds(rounds):
        poor, givers = new_id(), [new_id() for _ in range(GIVERS)]
        ids = await gifts(clients, givers, poor, asked_for=True)
        accepts = (clients.act("accept", id, giver) for id, giver in zip(ids, givers, strict=True))
        answers += await clients.at_once(*accepts)
        kept += await books.account(poor) == (0, ALL_THERE_IS)
    what = f"{GIVERS} givers accept at once what one asked for who has room for one, {books.isolation}"
    record(proof, what, rounds, answers, kept)


@figure("rounds", check=1, prove=10)
async def test_twenty_open_proposals(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    outcomes, kept = Counter[str](), 0
    for _ in proof.rounds(rounds):
        ada, bo = new_id(), new_id()
        ids = await asyncio.gather(*(clients.drafted(ada, clients.swap(ada, bo)) for _ in range(DRAFTS)))
        answers = await clients.at_once(*(clients.act("propose", id, ada) for id in ids))
        outcomes.update(map(clients.outcome, answers))
        kept += await books.authored_by(ada, "proposed")
    proposed, refused = MOST_OPEN * rounds, (DRAFTS - MOST_OPEN) * rounds
    proof.record(
        "limit",
        f"{DRAFTS} drafts of one author proposed at once, {books.isolation}",
        {"proposed": proposed, "too-many-open-proposals": refused, "rows proposed": proposed},
        {**outcomes, "rows proposed": kept},
    )
