"""People who exchange hours with each other at random, and insist on an answer; and what they were told."""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx2

from skillsync_kit.ids import new_id
from skillsync_testing.clients import Clients

__all__ = ["MUST_HAPPEN", "Acknowledged", "Community", "is_illegal"]

# So many people, with so many exchanges under way at once, who come back to some that have ended.
PEOPLE, UNDER_WAY, RECENT = 6, 24, 20
ATTEMPTS, PAUSE_SECONDS = 400, 0.05

# What people try in each state, more often what leads on; one in ten tries anything.
HABITS = {
    "draft": {"propose": 10, "edit": 1, "delete": 1},
    "proposed": {"accept": 20, "revise": 4, "decline": 2, "cancel": 1, "propose": 1},
    "accepted": {"finalize": 14, "cancel": 4, "amend": 6, "accept": 1},
    "finalized": {"reverse": 3, "finalize": 1},
}
UNFINISHED = ("draft", "proposed", "accepted")
CHANGES = ("edit", "revise", "amend")
# What the history calls what was done. Who proposes, or changes terms, agrees by that: saying yes as well is no entry.
WORDS = {
    "accept": {"accept", "propose", "revise", "amend"},
    "finalize": {"finalize", "confirm"},
    "reverse": {"propose"},
}
VERBS = sorted({verb for habits in HABITS.values() for verb in habits})
MUST_HAPPEN = {*(f"{verb} done" for verb in VERBS), "accept not-enough-hours", "lost and replayed"}
# Every step that a history may take: the action, the state before it, and the states that it may lead to.
LEGAL = {
    ("create", None): {"draft"},
    ("edit", "draft"): {"draft"},
    ("edit", "proposed"): {"proposed"},
    ("edit", "accepted"): {"accepted"},
    ("propose", "draft"): {"proposed"},
    ("revise", "proposed"): {"proposed"},
    ("accept", "proposed"): {"proposed", "accepted"},
    ("decline", "proposed"): {"declined"},
    ("cancel", "proposed"): {"cancelled"},
    ("cancel", "accepted"): {"cancelled"},
    ("amend", "accepted"): {"proposed"},
    ("confirm", "accepted"): {"accepted"},
    ("finalize", "accepted"): {"finalized"},
}


@dataclass(frozen=True)
class Acknowledged:
    """What somebody was told that they did: by it the transaction has this version and state."""

    id: str
    version: int
    state: str
    by: str
    verb: str

    def is_kept(self, history: list[Any]) -> bool:
        """Whether the history has that version, and what was done is in it by then."""
        if self.version > len(history) or history[self.version - 1].to_state != self.state:
            return False
        # Terms that are changed to what they were already are no change, and no entry.
        done = {entry.action for entry in history[: self.version] if entry.actor == self.by}
        return self.verb in CHANGES or bool(done & WORDS.get(self.verb, {self.verb}))


class Community:
    """People who exchange hours with each other, at random."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._people = [new_id() for _ in range(PEOPLE)]
        self._under_way: dict[str, dict[str, Any]] = {}
        self._ended: deque[dict[str, Any]] = deque(maxlen=RECENT)
        self.acknowledged: list[Acknowledged] = []
        # Drafts taken away, perhaps: a draft goes with its history.
        self.deleted: set[str] = set()
        self.outcomes: Counter[str] = Counter()

    async def act(self, dice: Random) -> None:
        """Do one thing that somebody might do."""
        if not self._under_way or dice.random() < (0.02 if len(self._under_way) > UNDER_WAY else 0.5):
            by, body = self._idea(dice)
            answer: httpx2.Response | None = await self._insist("POST", "/transactions", by, body)
            return await self._heard("create", by, answer)
        is_over = self._ended and dice.random() < 0.1
        transaction: dict[str, Any] = dice.choice(list(self._ended if is_over else self._under_way.values()))
        habits = HABITS.get(transaction["state"], {})
        verb = dice.choice(VERBS)
        if habits and dice.random() < 0.9:
            [verb] = dice.choices(list(habits), list(habits.values()))
        by = dice.choice(transaction["participants"])["id"]
        if transaction["state"] == "draft" and dice.random() < 0.9:
            by = transaction["author"]
        answer = await self._try(verb, transaction, by, dice)
        return await self._heard(verb, by, answer, transaction["id"])

    async def sees_own_hours_right(self, dice: Random) -> bool:
        """Whether somebody is shown hours that add up, and are not under the floor."""
        seen = (await self._insist("GET", "/ledger/balance", dice.choice(self._people))).json()
        return bool(seen["available"] == seen["balance"] - seen["held"] >= seen["floor"])

    def _idea(self, dice: Random) -> tuple[str, dict[str, Any]]:
        """Who writes what: gifts, swaps and rings."""
        one, other, third = dice.sample(self._people, 3)
        minutes = dice.choice([60, 120, 240, 300])
        legs: list[tuple[str, str, int]] = dice.choice(
            [
                [(one, other, minutes)],
                [(one, other, minutes), (other, one, 60)],
                [(one, other, minutes), (other, third, 60), (third, one, 120)],
            ]
        )
        settlement = "none" if dice.random() < 0.1 else "hours"
        return dice.choice(legs[0][:2]), {**self._clients.exchange(*legs), "settlement": settlement}

    async def _try(self, verb: str, transaction: dict[str, Any], by: str, dice: Random) -> httpx2.Response | None:
        path, version = f"/transactions/{transaction['id']}", transaction["version"]
        match verb:
            case "edit":
                return await self._once("PATCH", path, by, {"note": f"Edited at version {version}"}, version)
            case "revise" | "amend":
                leg = {"minutes": dice.choice([60, 120, 180, 240])}
                return await self._once("PATCH", path, by, {"legs": {"l0": leg}}, version)
            case "delete":
                self.deleted.add(transaction["id"])
                return await self._once("DELETE", path, by, None, version)
            case "accept" | "finalize":
                return await self._insist("POST", f"{path}/{verb}", by, {"terms_rev": transaction["terms_rev"]})
            case "cancel" | "decline" | "reverse":
                return await self._insist("POST", f"{path}/{verb}", by, {"reason": "Something came up"})
            case _:
                return await self._insist("POST", f"{path}/{verb}", by)

    async def _insist(self, method: str, path: str, by: str, body: Any = None) -> httpx2.Response:
        """Repeat a request with its key, at the one process or the other, until it is answered."""
        key, is_lost = new_id(), False
        for _ in range(ATTEMPTS):
            try:
                answer = await self._clients.send(method, path, by, body, key=key)
            except httpx2.TransportError:
                # Done or not: nobody knows. The key makes it safe to ask again.
                is_lost = True
            else:
                if answer.status_code != 503:
                    self.outcomes["lost and replayed"] += is_lost and "idempotent-replayed" in answer.headers
                    return answer
                self.outcomes["503"] += 1
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError(f"{method} {path} is never answered")

    async def _once(self, method: str, path: str, by: str, body: Any, version: int) -> httpx2.Response | None:
        """A request that has no key; None when nobody knows whether it was done."""
        try:
            return await self._clients.send(method, path, by, body, if_match=version)
        except httpx2.TransportError:
            self.outcomes["lost for good"] += 1
            return None

    async def _heard(self, verb: str, by: str, answer: httpx2.Response | None, id: str | None = None) -> None:
        """Count the outcome, and remember what is known of the transaction now."""
        told: dict[str, Any] = {}
        if answer is not None:
            assert answer.status_code in (200, 201, 204, 403, 404, 409, 412, 422, 503), answer.text
            told = answer.json() if answer.content else {}
            self.outcomes[f"{verb} {told.get('code', 'done')}"] += 1
        if answer is not None and answer.is_success and told:
            self.acknowledged.append(Acknowledged(told["id"], told["version"], told["state"], by, verb))
        elif id:
            answer = await self._insist("GET", f"/transactions/{id}", by)
            told = answer.json()
            if answer.status_code == 404 and self._under_way.get(id, {}).get("author") == by:
                del self._under_way[id]
        if "version" in told:
            self._remember(told)

    def _remember(self, told: dict[str, Any]) -> None:
        if told["state"] not in UNFINISHED:
            if self._under_way.pop(told["id"], None) or told["state"] == "finalized":
                self._ended.append(told)
        elif told["version"] >= self._under_way.get(told["id"], told)["version"]:
            self._under_way[told["id"]] = told


def is_illegal(history: list[Any]) -> bool:
    """Whether a history has a step that nothing allows, or one that does not begin where the last one ended."""
    states = [None, *(entry.to_state for entry in history)]
    return any(
        entry.from_state != state or entry.to_state not in LEGAL.get((entry.action, state), ())
        for entry, state in zip(history, states, strict=False)
    )
