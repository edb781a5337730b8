"""Time against people: two sweepers with a clock set ahead, while people act in two processes."""

import asyncio
from collections import Counter

import httpx2
import pytest

from skillsync_kit.ids import new_id
from skillsync_testing.clients import Clients
from skillsync_testing.proofs import Proof, figure
from skillsync_transactions.service import Sweeper

from .books import Books

# So many transactions are due at once, and so many people act on them while the sweepers go through them.
BATCH = 10
MOST_TURNS = 1000
# What the last entry of the history says when the person won, and when time won; the state; what one may do then.
ENDINGS = {
    "accept": (("accept", "accepted"), ("expire", "expired", [])),
    "cancel": (("cancel", "cancelled"), ("finalize", "finalized", ["reverse"])),
    "finalize": (("finalize", "finalized"), ("finalize", "finalized", ["reverse"])),
}
BEFORE = {
    "accept": ["create", "propose"],
    "cancel": ["create", "propose", "accept", "confirm"],
    "finalize": ["create", "propose", "accept", "confirm"],
}


async def due(clients: Clients, verb: str, giver: str, receiver: str) -> str:
    """A transaction that a clock set ahead finds due: a proposal nobody answered, or an exchange one has confirmed."""
    gift = clients.gift(giver, receiver, 60)
    if verb == "accept":
        return await clients.proposed(giver, gift)
    id = await clients.accepted(giver, receiver, gift)
    assert (await clients.act("finalize", id, giver)).json()["state"] == "accepted"
    return id


async def sweep(sweeper: Sweeper) -> None:
    """Take turns until nothing is due."""
    for _ in range(MOST_TURNS):
        if not await sweeper.turn():
            return
    raise AssertionError("what is due never ends")


async def race(
    clients: Clients, sweepers: list[Sweeper], verb: str, people: list[tuple[str, str]], order: list[int]
) -> tuple[list[str], dict[int, httpx2.Response]]:
    """Let the receivers act in this order while the sweepers sweep. The transactions, and the answer about each."""
    ids = list(await asyncio.gather(*(due(clients, verb, *pair) for pair in people)))
    answers: dict[int, httpx2.Response] = {}

    async def act(n: int) -> None:
        body = {"reason": "It rained"} if verb == "cancel" else None
        answers[n] = await clients.act(verb, ids[n], people[n][1], body)

    # As many people at a time as there are sweepers, so that neither side is through before the other has begun.
    await asyncio.gather(*map(sweep, sweepers), clients.in_lanes(order, act, len(sweepers)))
    return ids, answers


@pytest.mark.parametrize("verb", ENDINGS)
@figure("races", check=30, prove=500)
async def test_two_sweepers_against_a_person(
    clients: Clients, books: Books, sweepers: list[Sweeper], proof: Proof, verb: str, races: int
) -> None:
    by_person, by_time = ENDINGS[verb]
    seen, winners = Counter[str](), Counter[str]()
    # What other proofs left behind would only keep the sweepers from the race.
    await sweep(sweepers[0])
    for _ in proof.rounds(races // BATCH):
        people = [(new_id(), new_id()) for _ in range(BATCH)]
        order = proof.random.sample(range(BATCH), BATCH)
        ids, answers = await race(clients, sweepers, verb, people, order)
        histories = await books.histories(ids)
        for n, answer in answers.items():
            id, receiver, told = ids[n], people[n][1], answer.json()
            *earlier, last = histories[id]
            ended = (last.action, last.to_state, last.actor)
            if answer.status_code == 200:
                winners[verb] += 1
                seen["one winner"] += ended == (*by_person, receiver) and told["state"] == last.to_state
            else:
                winners["time"] += 1
                seen["one winner"] += (answer.status_code, *ended) == (409, *by_time[:2], None)
                told_right = (told["code"], told["state"], told["allowed_actions"]) == ("wrong-state", *by_time[1:])
                seen["losers not told"] += not told_right
            seen["legal histories"] += [entry.action for entry in earlier] == BEFORE[verb]
            events = await books.events(id)
            seen["one event"] += events.index(f"transaction.{last.to_state}") == len(events) - 1
    won = ", ".join(f"{who} won {count:,}" for who, count in sorted(winners.items()))
    proof.record(
        "race",
        f"two sweepers against {verb}, {races:,} races, {books.isolation}",
        {"one winner": races, "legal histories": races, "one event": races, "losers not told": 0},
        {**seen, "losers not told": seen["losers not told"]},
        won,
    )
    assert len(winners) == 2, "only one of the two ever wins: that shows half of it"
