"""The rules of a transaction's life once more, as plainly as can be, to compare the entity with.

It shares nothing with the service. Each verb says what happens in one word: the action of the history, "nothing" for
a repetition, or the name of the refusal; and takes its effect, also on the hours in `bank`.
"""

from datetime import datetime, timedelta
from typing import Any

FLOOR = -600
Bank = dict[str, dict[str, int]]
# Giver, receiver, minutes; of a draft, any of it may be None.
Leg = tuple[str | None, str | None, int | None]


class Model:
    """One transaction."""

    def __init__(self, bank: Bank, author: str, terms: dict[str, Any]) -> None:
        self.bank, self.author, self.terms = bank, author, terms
        self.state, self.version, self.rev, self.title = "draft", 1, 1, ""
        self.yes: set[str] = set()
        self.done: set[str] = set()
        self.revisions, self.days = 0, 14
        self.due: datetime | None = None
        self.ended: str | None = None
        self.is_reversed = False

    # --- what follows from it ---

    @property
    def people(self) -> set[str]:
        """Who gives or receives."""
        return {person for leg in self.terms["legs"].values() for person in leg[:2] if person}

    def costs(self) -> dict[str, int]:
        """Minutes received less minutes given, of those where it is more than none; without settlement of nobody."""
        legs = self.terms["legs"].values() if self.terms["settlement"] == "hours" else ()
        net = {p: sum(m for _, r, m in legs if r == p) - sum(m for g, _, m in legs if g == p) for p in self.people}
        return {person: minutes for person, minutes in net.items() if minutes > 0}

    def incomplete(self, now: datetime) -> str | None:
        """What keeps it from being proposed."""
        legs, when = self.terms["legs"], self.terms["when"]
        if not legs or any(part is None for leg in legs.values() for part in leg):
            return "IncompleteTransaction"
        return "InvalidTerms" if self.author not in self.people or (when and when <= now) else None

    def barred(self, by: str, now: datetime) -> str | None:
        """What keeps `by` from doing anything at all."""
        if by not in ({self.author} if self.state == "draft" else self.people):
            return "NotYours"
        return "WrongState" if self.due and now >= self.due and not self.done else None

    # --- the verbs ---

    def change(self, by: str, now: datetime, *, title: str, **patch: Any) -> str:
        """A patch of the title, and of `when`, `settlement` or the leg `a`."""
        if refusal := self.barred(by, now):
            return refusal
        if self.state not in ("draft", "proposed", "accepted") or self.done:
            return "WrongState"
        terms = {**self.terms, **{name: value for name, value in patch.items() if name != "a"}}
        if "a" in patch:
            terms["legs"] = {**self.terms["legs"], "a": patch["a"]}
        if refusal := self.nonsense(now, **patch) or (self.disagreeable(terms, now) if terms != self.terms else None):
            return refusal
        return self.retitle(title) if terms == self.terms else self.agree_on(by, now, title, terms)

    @staticmethod
    def nonsense(now: datetime, *, a: Leg = (None, None, None), when: datetime | None = None, **_: Any) -> str | None:
        """What no draft may say."""
        giver, receiver, minutes = a
        is_nonsense = (giver and giver == receiver) or (minutes and minutes % 15) or (when and when <= now)
        return "InvalidTerms" if is_nonsense else None

    def disagreeable(self, terms: dict[str, Any], now: datetime) -> str | None:
        """What nobody can be asked to say yes to, once it is proposed."""
        others = Model(self.bank, self.author, terms)
        if self.state == "draft":
            return None
        if self.revisions == 10:
            return "WrongState"
        return "InvalidTerms" if others.people != self.people else others.incomplete(now)

    def retitle(self, title: str) -> str:
        """No change of terms."""
        if title == self.title:
            return "nothing"
        self.title, self.version = title, self.version + 1
        return "edit"

    def agree_on(self, by: str, now: datetime, title: str, terms: dict[str, Any]) -> str:
        """Take other terms."""
        action = {"draft": "edit", "proposed": "revise", "accepted": "amend"}[self.state]
        self.release()
        self.title, self.terms, self.rev, self.version = title, terms, self.rev + 1, self.version + 1
        if action != "edit":
            self.revisions += 1
            self.open(by, now)
        return action

    def open(self, by: str, now: datetime) -> None:
        """Ask everybody but `by`."""
        end, when = now + timedelta(days=self.days), self.terms["when"]
        self.state, self.yes, self.due = "proposed", {by}, min(end, when) if when else end

    def delete(self, by: str, now: datetime) -> str:
        """Take a draft away."""
        return self.barred(by, now) or ("delete" if self.state == "draft" else "WrongState")

    def propose(self, by: str, now: datetime, *, open_proposals: int, days: int) -> str:
        """Make a draft known."""
        if refusal := self.barred(by, now):
            return refusal
        if by == self.author and self.state in ("proposed", "accepted", "finalized"):
            return "nothing"
        if self.state != "draft":
            return "WrongState"
        too_many = "TooManyOpenProposals" if open_proposals >= 20 else None
        if refusal := ("InvalidTerms" if not 1 <= days <= 60 else self.incomplete(now) or too_many):
            return refusal
        self.days, self.version = days, self.version + 1
        self.open(by, now)
        return "propose"

    def accept(self, by: str, now: datetime, *, rev: int) -> str:
        """Say yes; the last yes holds the hours."""
        if refusal := self.barred(by, now):
            return refusal
        if self.state in ("proposed", "accepted") and rev != self.rev:
            return "TermsChanged"
        if self.state in ("proposed", "accepted", "finalized") and rev == self.rev and by in self.yes:
            return "nothing"
        if self.state != "proposed":
            return "WrongState"
        if self.yes | {by} == self.people:
            if any(self.bank[p]["balance"] - self.bank[p]["held"] - cost < FLOOR for p, cost in self.costs().items()):
                return "NotEnoughHours"
            for person, cost in self.costs().items():
                self.bank[person]["held"] += cost
            when = self.terms["when"]
            self.state, self.due = "accepted", when + timedelta(days=30) if when else now + timedelta(days=60)
        self.yes, self.version = self.yes | {by}, self.version + 1
        return "accept"

    def decline(self, by: str, now: datetime, *, reason: str) -> str:
        """Say no."""
        if refusal := self.barred(by, now):
            return refusal
        if self.state == "declined" and self.ended == by:
            return "nothing"
        if self.state != "proposed":
            return "WrongState"
        return "NotYours" if by == self.author else self.end("decline", "declined", by)

    def cancel(self, by: str, now: datetime, *, reason: str) -> str:
        """Take back, or call off."""
        if refusal := self.barred(by, now):
            return refusal
        if self.state == "cancelled" and self.ended == by:
            return "nothing"
        if self.state == "proposed":
            return self.end("cancel", "cancelled", by) if by == self.author else "NotYours"
        if self.state != "accepted" or (self.due and now >= self.due):
            return "WrongState"
        return self.end("cancel", "cancelled", by) if reason.strip() else "ReasonRequired"

    def finalize(self, by: str, now: datetime, *, rev: int) -> str:
        """Say that it took place."""
        if refusal := self.barred(by, now):
            return refusal
        if self.state in ("accepted", "finalized") and rev == self.rev and by in self.done:
            return "nothing"
        if self.state != "accepted":
            return "WrongState"
        if rev != self.rev:
            return "TermsChanged"
        self.due = self.due if self.done else now + timedelta(days=14)
        self.done, receivers = self.done | {by}, {leg[1] for leg in self.terms["legs"].values()}
        if self.done & receivers if len(self.people) == 2 else self.done >= receivers:
            return self.settle()
        self.version += 1
        return "confirm"

    def pass_time(self, now: datetime) -> str:
        """What nobody does."""
        if not self.due or now < self.due:
            return "nothing"
        return self.settle() if self.done else self.end("expire", "expired", None)

    def reverse(self, by: str, now: datetime, *, reason: str, open_proposals: int) -> str:
        """Ask to undo it: see `reversal`."""
        if refusal := self.barred(by, now):
            return refusal
        if self.state != "finalized":
            return "WrongState"
        if self.is_reversed:
            return "AlreadyReversed"
        if not reason.strip():
            return "ReasonRequired"
        return "TooManyOpenProposals" if open_proposals >= 20 else "reverse"

    def reversal(self, by: str, now: datetime) -> "Model":
        """The legs turned round, proposed by somebody."""
        legs = {key: (receiver, giver, minutes) for key, (giver, receiver, minutes) in self.terms["legs"].items()}
        other = Model(self.bank, by, {**self.terms, "legs": legs, "when": None})
        other.title, other.version = self.title, 2
        other.open(by, now)
        return other

    # --- hours ---

    def release(self) -> None:
        """Give back what is held, if anything is."""
        for person, cost in self.costs().items() if self.state == "accepted" else ():
            self.bank[person]["held"] -= cost

    def settle(self) -> str:
        """Count it."""
        self.release()
        for giver, receiver, minutes in self.terms["legs"].values() if self.terms["settlement"] == "hours" else ():
            self.bank[giver]["balance"] += minutes
            self.bank[receiver]["balance"] -= minutes
        self.state, self.due, self.version = "finalized", None, self.version + 1
        return "finalize"

    def end(self, action: str, state: str, by: str | None) -> str:
        """Let it be over without having taken place."""
        self.release()
        self.state, self.due, self.ended, self.version = state, None, by, self.version + 1
        return action
