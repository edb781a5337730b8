"""Two that exclude each other, at once: the first commit wins, and the loser is told what is the case now."""

from collections import Counter

import httpx2

from skillsync_kit.ids import new_id
from skillsync_testing.clients import Clients
from skillsync_testing.proofs import Proof, figure

from .books import Books

PARTICIPLES = {"accept": "accepted", "decline": "declined", "cancel": "cancelled", "finalize": "finalized"}


class Race:
    """Many rounds of two requests of which one may win."""

    def __init__(self, clients: Clients, books: Books) -> None:
        self._clients, self._books = clients, books
        self.rounds = 0
        self.winners: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()

    async def run(self, id: str, one: tuple[str, str, object], other: tuple[str, str, object]) -> str:
        """Send both (verb, member, body), each first and at each process in turn. The state that it ended in."""
        self.rounds += 1
        turn = self.rounds
        pair = [one, other] if turn % 2 else [other, one]
        answers = await self._clients.at_once(
            *(self._clients.act(verb, id, by, body, at=n + turn // 2) for n, (verb, by, body) in enumerate(pair))
        )
        loser, winner = sorted(range(2), key=lambda n: answers[n].status_code, reverse=True)
        won = pair[winner][0]
        self.winners[won] += 1
        self.seen["one winner"] += [answers[winner].status_code, answers[loser].status_code] == [200, 409]
        final = await self._clients.get(id, pair[loser][1])
        self.seen["losers told"] += is_told(answers[loser], final)
        history, events = await self._books.actions(id), await self._books.events(id)
        ended = (len(history), history[-1], events[-1])
        # The winner's is the last word of the history and of the outbox; there is none of the loser's.
        self.seen["legal histories"] += ended == (final["version"], won, f"transaction.{PARTICIPLES[won]}")
        state: str = final["state"]
        return state

    def record(self, proof: Proof, what: str) -> None:
        """All rounds had one winner, and each of the two won some."""
        names = ("one winner", "losers told", "legal histories")
        won = ", ".join(f"{verb} won {count:,}" for verb, count in sorted(self.winners.items()))
        demanded = dict.fromkeys(names, self.rounds)
        proof.record("race", f"{what}, {self.rounds:,} races, {self._books.isolation}", demanded, self.seen, won)
        assert len(self.winners) == 2, "only one of the two ever wins: that shows half of it"


def is_told(loser: httpx2.Response, final: dict[str, object]) -> bool:
    """Whether the refusal tells the present state, and what one may do instead, as a reader is told it."""
    told = loser.json()
    return (told["code"], told["state"], told["allowed_actions"]) == (
        "wrong-state",
        final["state"],
        final["allowed_actions"],
    )


@figure("rounds", check=30, prove=500)
async def test_accept_against_decline(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    race, states = Race(clients, books), Counter[str]()

    async def run(_: int) -> None:
        ada, bo, cy = new_id(), new_id(), new_id()
        id = await clients.proposed(ada, clients.ring([ada, bo, cy]))
        await clients.act("accept", id, bo)
        # The last yes, and the second thoughts of one who had said yes.
        states[await race.run(id, ("accept", cy, None), ("decline", bo, {"reason": "No time after all"}))] += 1

    await clients.in_lanes(proof.rounds(rounds), run)
    race.record(proof, "accept against decline")
    assert states == {"accepted": race.winners["accept"], "declined": race.winners["decline"]}


@figure("rounds", check=30, prove=500)
async def test_cancel_against_finalize(clients: Clients, books: Books, proof: Proof, rounds: int) -> None:
    race, settled = Race(clients, books), Counter[tuple[str, int, int, int]]()

    async def run(_: int) -> None:
        ada, bo = new_id(), new_id()
        id = await clients.accepted(ada, bo, clients.gift(ada, bo, 60))
        state = await race.run(id, ("finalize", bo, None), ("cancel", ada, {"reason": "It rained"}))
        settled[state, *await books.account(bo), len(await books.postings(id))] += 1

    await clients.in_lanes(proof.rounds(rounds), run)
    race.record(proof, "cancel against finalize")
    # The receiver's hours are taken, or they are free again: never held, never both.
    assert settled == {
        ("finalized", -60, 0, 2): race.winners["finalize"],
        ("cancelled", 0, 0, 0): race.winners["cancel"],
    }
