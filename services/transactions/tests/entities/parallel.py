"""Several transactions at once, each beside its model: whatever is done is done in both, and must come to the same."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from skillsync_kit.errors import Failure
from skillsync_transactions.entities import Account, Change, Changes, LegChanges, Transaction, apply
from skillsync_transactions.errors import NotEnoughHours

from .model import Bank, Leg, Model

START = datetime(2030, 1, 1, 12, tzinfo=UTC)
PEOPLE = ["ada", "bo", "cy", "di"]
# The place, among the participants, of one who takes no part.
OUTSIDE = 9
# Who gives to whom, by place among the people; the author is the first.
SHAPES: dict[str, list[tuple[int, int]]] = {
    "gift": [(0, 1)],
    "lesson": [(1, 0)],
    "swap": [(0, 1), (1, 0)],
    "ring of three": [(0, 1), (1, 2), (2, 0)],
    "ring of four": [(0, 1), (1, 2), (2, 3), (3, 0)],
    "class": [(0, 1), (0, 2)],
    "team": [(1, 0), (2, 0), (3, 0)],
    "nothing yet": [],
    "others": [(1, 2)],
}
# What somebody does who takes an offer up: the change it makes, or None.
OFFERS: dict[str, Callable[[Transaction, str, datetime], Any]] = {
    "accept": lambda it, by, now: it.accept(by, it.terms_rev, now),
    "amend": lambda it, by, now: it.change(by, other_hours(it), now),
    "cancel": lambda it, by, now: it.cancel(by, "Ill.", now),
    "decline": lambda it, by, now: it.decline(by, None, now),
    "delete": lambda it, by, now: it.delete(by, now),
    "edit": lambda it, by, now: it.change(by, {"title": it.title + "!"}, now),
    "finalize": lambda it, by, now: it.finalize(by, it.terms_rev, now),
    "propose": lambda it, by, now: it.propose(by, now, open_proposals=0),
    "reverse": lambda it, by, now: it.reverse("r", by, "Ill.", now, open_proposals=0),
    "revise": lambda it, by, now: it.change(by, other_hours(it), now),
}


class Parallel:
    """Up to four transactions among four people, one of them acted upon now; and what has been reached, counted."""

    def __init__(self, steps: Counter[str], reached: Counter[str]) -> None:
        self.steps, self.reached = steps, reached
        self.now = START
        self.bank: Bank = {person: {"balance": 0, "held": 0} for person in PEOPLE}
        self.accounts = {person: Account(person) for person in PEOPLE}
        self.lives: list[tuple[Transaction, Model]] = []
        self.last = 0

    @property
    def it(self) -> Transaction:
        """The transaction that is acted upon now."""
        return self.lives[-1][0]

    @property
    def model(self) -> Model:
        """Its model."""
        return self.lives[-1][1]

    def who(self, place: int) -> str:
        """A participant, the author first; or a stranger."""
        people = [self.it.author, *sorted({*self.it.participants} - {self.it.author})]
        return "zed" if place == OUTSIDE else people[place % len(people)]

    # --- one step, in the entity and in the model ---

    def do(self, verb: str, by: str | None, predicted: str, *arguments: Any, **more: Any) -> Any:
        """Do in the entity what the model has done; the same must come of it."""
        self.steps[verb] += 1
        before, whole = replace(self.it), repr(self.it)
        if by is not None:
            self.look_at_offers(by)
        try:
            made = getattr(self.it, verb)(*arguments, self.now, **more)
            self.move(made)
        except Failure as refusal:
            outcome = type(refusal).__name__
            self.lives[-1] = self.after_refusal(refusal, verb, by, before), self.model
        else:
            outcome = self.after_success(verb, made, by, before)
        assert outcome == predicted, (verb, by, outcome, predicted)
        if isinstance(made := None if outcome[0].isupper() else made, Change):
            return None
        assert repr(self.it) == whole
        names = {"delete": "delete: draft → nothing", "reverse": "reverse: finalized → proposed"}
        usual = f"{verb} again: nothing" if outcome == "nothing" else f"{verb} refused: {outcome}"
        self.reached[names.get(outcome, usual)] += 1
        return made

    def after_refusal(self, refusal: Failure, verb: str, by: str | None, before: Transaction) -> Transaction:
        """Each tells what is allowed instead. The transaction as it then is."""
        if isinstance(refusal, NotEnoughHours):
            # Found when the hours move, after the verb: the service commits nothing of it.
            return before
        assert by is not None
        assert refusal.extra.items() >= before.standing(by, self.now).items()
        self.reached["too late: refused"] += "has expired" in refusal.detail
        self.reached["eleventh revision: refused"] += "10 times" in refusal.detail
        is_silent = before.finalizes_at is not None and before.finalizes_at <= self.now and by in before.participants
        self.reached["cancel after the silence: refused"] += verb == "cancel" and is_silent
        return self.it

    def after_success(self, verb: str, made: Any, by: str | None, before: Transaction) -> str:
        """Each change is numbered, says from and to, and is told, unless it is an edit. What happened, in one word."""
        if not isinstance(made, Change):
            return verb if made is not None or verb == "delete" else "nothing"
        assert made.number == self.it.version == before.version + 1
        assert (made.actor, made.from_state, made.to_state) == (by, before.state, self.it.state)
        assert bool(made.events) == (made.action != "edit")
        assert all((event.by, event.from_state) == (by, before.state) for event in made.events)
        assert not made.events or made.events[-1].to_state == self.it.state
        self.reached[f"{made.action}{'' if by else ' by time'}: {before.state} → {self.it.state}"] += 1
        return made.action

    def move(self, made: Any) -> None:
        """Let the hours move that a change moves, as the service does."""
        movement = made.movement if isinstance(made, Change) else None
        if movement is None:
            return
        assert sum(posting.minutes for posting in movement.postings) == 0
        before = {owner: account.available for owner, account in self.accounts.items()}
        crossed = apply(movement, self.accounts, made.actor)
        fallen = [owner for owner, account in self.accounts.items() if before[owner] >= -300 > account.available]
        assert sorted(event.account for event in crossed) == sorted(fallen)
        self.reached["soft limit: crossed"] += len(crossed)

    def look_at_offers(self, by: str) -> None:
        """What is offered is not refused, and what is possible is not hidden. Tried on copies."""
        offered = self.it.allowed_actions(by, self.now)
        assert offered == sorted(offered)
        for action, take_up in OFFERS.items():
            if action == "edit" and self.it.state in ("proposed", "accepted"):
                continue  # Title and note can be edited then too, which is no step of its life.
            try:
                made = take_up(replace(self.it), by, self.now)
            except Failure:
                is_possible = False
            else:
                did = made.action if isinstance(made, Change) else action if made or action == "delete" else None
                is_possible = {"confirm": "finalize"}.get(did or "", did) == action
            assert is_possible == (action in offered), (action, by, offered)

    def compare(self) -> None:
        """The entities are as their models say, and the accounts as the bank."""
        for it, model in self.lives:
            assert seen(it) == told(model)
        assert self.bank == {
            owner: {"balance": account.balance, "held": account.held} for owner, account in self.accounts.items()
        }

    def audit(self) -> None:
        """Hours sum to zero; held is what the accepted ones will cost; and nobody is under the floor."""
        costs: Counter[str] = Counter()
        for _, model in self.lives:
            costs.update(model.costs() if model.state == "accepted" else {})
        accounts = self.accounts.values()
        assert {account.owner: account.held for account in accounts} == {person: costs[person] for person in PEOPLE}
        assert sum(account.balance for account in accounts) == 0
        assert all(account.available >= account.floor for account in accounts)

    # --- what people do ---

    def another(self, shape: str, first: int, hours: int | None, settlement: str, days: int | None) -> None:
        """A new draft."""
        self.steps["draft"] += 1
        people = PEOPLE[first:] + PEOPLE[:first]
        legs: dict[str, Leg] = {
            key: (people[giver], people[receiver], hours if key == "a" else 60)
            for key, (giver, receiver) in zip("abcd", SHAPES[shape], strict=False)
        }
        when = self.now + timedelta(days=days) if days else None
        patches = {key: as_patch(leg) for key, leg in legs.items()}
        changes: Changes = {"legs": patches, "settlement": settlement, "scheduled_for": when}
        it, change = Transaction.draft(self.new_id(), people[0], changes, self.now)
        assert (change.number, change.action, change.from_state, change.events) == (1, "create", None, ())
        self.keep(it, Model(self.bank, people[0], {"legs": legs, "settlement": settlement, "when": when}))
        self.reached["create: nothing → draft"] += 1

    def new_id(self) -> str:
        """An id."""
        self.last += 1
        return str(self.last)

    def keep(self, it: Transaction, model: Model) -> None:
        """Turn to another. From five on, one is forgotten; not one that holds hours."""
        forgettable = [place for place, life in enumerate(self.lives) if life[1].state != "accepted"]
        if len(self.lives) > 3 and forgettable:
            self.lives.pop(forgettable[0])
        self.lives.append((it, model))

    def turn_to(self, place: int) -> None:
        """Act upon another one."""
        self.lives.append(self.lives.pop(place % len(self.lives)))

    def change(self, by: str, title: str | None = None, **patch: Any) -> None:
        """A PATCH of the title, `when`, `settlement` or the leg `a`."""
        title = self.model.title if title is None else title
        predicted = self.model.change(by, self.now, title=title, **patch)
        changes: Changes = {"title": title}
        if "a" in patch:
            changes["legs"] = {"a": as_patch(patch["a"])}
        if "when" in patch:
            changes["scheduled_for"] = patch["when"]
        if "settlement" in patch:
            changes["settlement"] = patch["settlement"]
        self.do("change", by, predicted, by, changes)

    def ask_for(self, place: int, title: str | None, patch: dict[str, Any]) -> None:
        """An edit, a counter-offer, an amendment; or nonsense."""
        changed: dict[str, Any] = {name: value for name, value in patch.items() if name == "settlement"}
        if "days" in patch:
            changed["when"] = None if patch["days"] is None else self.now + timedelta(days=patch["days"])
        giver, receiver, hours = self.model.terms["legs"].get("a", (None, None, 60))
        if "hours" in patch or "giver" in patch:
            changed["a"] = (patch.get("giver", giver), patch.get("receiver", receiver), patch.get("hours", hours))
        self.change(self.who(place), title, **changed)

    def haggle(self, place: int, times: int) -> None:
        """Many counter-offers."""
        for number in range(times):
            self.ask_for(place if place == OUTSIDE else place + number, None, {"hours": 30 + 15 * (number % 2)})

    def delete(self, place: int) -> None:
        """Its place is taken by another draft."""
        by = self.who(place)
        predicted = self.model.delete(by, self.now)
        self.do("delete", by, predicted, by)
        if predicted == "delete":
            self.lives.pop()
            self.another("swap", 0, 60, "hours", None)

    def propose(self, place: int, open_proposals: int, days: int) -> None:
        """The author accepts by it."""
        by = self.who(place)
        predicted = self.model.propose(by, self.now, open_proposals=open_proposals, days=days)
        self.do("propose", by, predicted, by, open_proposals=open_proposals, days_open=days)

    def accept(self, place: int, behind: int) -> None:
        """At the present terms, or at those before."""
        by, rev = self.who(place), self.model.rev - behind
        self.do("accept", by, self.model.accept(by, self.now, rev=rev), by, rev)

    def all_agree(self) -> None:
        """One after the other."""
        self.propose(0, 0, 14)
        for place in range(len(self.it.participants)):
            self.accept(place, 0)

    def decline(self, place: int, reason: str) -> None:
        """With a reason or without."""
        by = self.who(place)
        self.do("decline", by, self.model.decline(by, self.now, reason=reason), by, reason)

    def cancel(self, place: int, reason: str) -> None:
        """With a reason or without."""
        by = self.who(place)
        self.do("cancel", by, self.model.cancel(by, self.now, reason=reason), by, reason)

    def finalize(self, place: int, behind: int) -> None:
        """At the present terms, or at those before."""
        by, rev = self.who(place), self.model.rev - behind
        self.do("finalize", by, self.model.finalize(by, self.now, rev=rev), by, rev)

    def reverse(self, place: int, reason: str, open_proposals: int, turn: bool) -> None:
        """Go on with the reversal, or stay with what it reverses."""
        by, id = self.who(place), self.new_id()
        predicted = self.model.reverse(by, self.now, reason=reason, open_proposals=open_proposals)
        made = self.do("reverse", by, predicted, id, by, reason, open_proposals=open_proposals)
        if made is None:
            return
        reversal, changes = made
        assert [(change.number, change.action) for change in changes] == [(1, "create"), (2, "propose")]
        assert (reversal.reverses_id, reversal.id) == (self.it.id, id)
        # As it is loaded from now on.
        self.it.reversed_by, self.model.is_reversed = id, True
        model = self.model.reversal(by, self.now)
        assert seen(reversal) == told(model)
        if turn:
            self.keep(reversal, model)

    # --- what time does ---

    def wait(self, hours: int) -> None:
        """Time goes by."""
        self.now += timedelta(hours=hours)

    def wait_until_due(self, moment: int, and_sweep: bool) -> None:
        """To the last moment before, or to the first after."""
        due = self.it.due_at or self.now
        self.now = max(self.now, due - timedelta(microseconds=moment))
        if and_sweep:
            self.sweep()

    def sweep(self) -> None:
        """What the sweeper does."""
        self.do("pass_time", None, self.model.pass_time(self.now))


def as_patch(leg: Leg) -> LegChanges:
    """A leg as a merge patch."""
    return {"giver": leg[0], "receiver": leg[1], "skill": "guitar", "minutes": leg[2]}


def other_hours(it: Transaction) -> Changes:
    """Terms that differ, and name no day that may have passed."""
    leg = it.legs.get("a")
    return {"scheduled_for": None, "legs": {"a": {"minutes": 45 if leg is None or leg.minutes != 45 else 60}}}


def seen(it: Transaction) -> dict[str, Any]:
    """The entity, in the words of the comparison."""
    assert all(acceptance.terms_rev == it.terms_rev for acceptance in it.acceptances)
    return {
        "state": it.state.value,
        "author": it.author,
        "version": it.version,
        "rev": it.terms_rev,
        "title": it.title,
        "legs": {key: (leg.giver, leg.receiver, leg.minutes) for key, leg in it.legs.items()},
        "settlement": it.settlement,
        "when": it.scheduled_for,
        "yes": sorted(acceptance.user for acceptance in it.acceptances),
        "done": sorted(confirmation.user for confirmation in it.confirmations),
        "revisions": len(it.revisions),
        "days": it.days_open,
        "ends": (it.expires_at, it.finalizes_at, it.due_at),
        "ended": it.ended_by,
        "reversed": it.reversed_by is not None,
    }


def told(model: Model) -> dict[str, Any]:
    """The model, in the same words."""
    return {
        "state": model.state,
        "author": model.author,
        "version": model.version,
        "rev": model.rev,
        "title": model.title,
        **model.terms,
        "yes": sorted(model.yes),
        "done": sorted(model.done),
        "revisions": model.revisions,
        "days": model.days,
        "ends": (None, model.due, model.due) if model.done else (model.due, None, model.due),
        "ended": model.ended,
        "reversed": model.is_reversed,
    }
