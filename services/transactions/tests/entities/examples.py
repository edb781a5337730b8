"""Transactions in every state a clock and people can bring them to. Ada writes, Bo takes part, Cy is a stranger."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from skillsync_kit.errors import Failure
from skillsync_transactions.entities import Change, Changes, LegChanges, State, Transaction

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
ADA, BO, CY, DI = "ada", "bo", "cy", "di"


def leg(giver: str, receiver: str, minutes: int = 60, skill: str = "guitar") -> LegChanges:
    """A leg, whole."""
    return {"giver": giver, "receiver": receiver, "skill": skill, "minutes": minutes}


GIFT: Changes = {"title": "A lesson", "legs": {"a": leg(ADA, BO)}}
SWAP: Changes = {"title": "Guitar for German", "legs": {"a": leg(ADA, BO), "b": leg(BO, ADA, skill="german")}}
RING: Changes = {"legs": {"a": leg(ADA, BO), "b": leg(BO, CY), "c": leg(CY, ADA)}}


def draft(changes: Changes = GIFT) -> Transaction:
    """A draft of Ada's."""
    return Transaction.draft("t", ADA, changes, NOW)[0]


def proposed(changes: Changes = GIFT) -> Transaction:
    """Proposed by Ada, who has accepted by that."""
    transaction = draft(changes)
    transaction.propose(ADA, NOW, open_proposals=0)
    return transaction


def accepted(changes: Changes = GIFT) -> Transaction:
    """Accepted by all."""
    transaction = proposed(changes)
    for person in transaction.participants:
        transaction.accept(person, transaction.terms_rev, NOW)
    return transaction


def confirmed() -> Transaction:
    """A gift of which Ada, who only gives, has said that it took place."""
    transaction = accepted()
    transaction.finalize(ADA, 1, NOW)
    return transaction


def finalized(changes: Changes = GIFT) -> Transaction:
    """Finalized by those who receive: one of two participants, each of more."""
    transaction = accepted(changes)
    for receiver in sorted({str(part.receiver) for part in transaction.legs.values()}):
        if transaction.state is State.ACCEPTED:
            transaction.finalize(receiver, 1, NOW)
    return transaction


def reversed_() -> Transaction:
    """Finalized, and there is a reversal of it."""
    return replace(finalized(), reversed_by="r")


def declined() -> Transaction:
    """Declined by Bo."""
    transaction = proposed()
    transaction.decline(BO, "Not this month.", NOW)
    return transaction


def cancelled() -> Transaction:
    """Accepted and confirmed by Ada, who then cancels it."""
    transaction = confirmed()
    transaction.cancel(ADA, "It was another day.", NOW)
    return transaction


def at_its_end(transaction: Transaction) -> Transaction:
    """The same at the very moment when time should act, before it does."""
    end = {"expires_at": NOW} if transaction.expires_at else {"finalizes_at": NOW}
    return replace(transaction, **end)  # type: ignore[arg-type]


def expired() -> Transaction:
    """A proposal that nobody answered."""
    transaction = at_its_end(proposed())
    transaction.pass_time(NOW)
    return transaction


STATES: dict[str, Callable[[], Transaction]] = {
    "draft": draft,
    "proposed": proposed,
    "unanswered": lambda: at_its_end(proposed()),
    "accepted": accepted,
    "unconfirmed": lambda: at_its_end(accepted()),
    "confirmed": confirmed,
    "silent": lambda: at_its_end(confirmed()),
    "finalized": finalized,
    "reversed": reversed_,
    "declined": declined,
    "cancelled": cancelled,
    "expired": expired,
}

Verb = Callable[[Transaction, str], Change | tuple[Transaction, tuple[Change, Change]] | None]

VERBS: dict[str, Verb] = {
    "retitle": lambda t, by: t.change(by, {"title": "Another"}, NOW),
    "same": lambda t, by: t.change(by, {"title": t.title}, NOW),
    "terms": lambda t, by: t.change(by, {"legs": {"a": {"minutes": 90}}}, NOW),
    "propose": lambda t, by: t.propose(by, NOW, open_proposals=0),
    "accept": lambda t, by: t.accept(by, t.terms_rev, NOW),
    "old-yes": lambda t, by: t.accept(by, t.terms_rev - 1, NOW),
    "decline": lambda t, by: t.decline(by, "No time.", NOW),
    "cancel": lambda t, by: t.cancel(by, "No time.", NOW),
    "mute": lambda t, by: t.cancel(by, " ", NOW),
    "finalize": lambda t, by: t.finalize(by, t.terms_rev, NOW),
    "old-done": lambda t, by: t.finalize(by, t.terms_rev - 1, NOW),
    "reverse": lambda t, by: t.reverse("r", by, "Wrong day.", NOW, open_proposals=0),
    "delete": lambda t, by: t.delete(by, NOW),
}

# By action: the events that tell of it, and the state it leads to, where that is always the same.
EVENTS = {
    "edit": (),
    "propose": ("transaction.proposed.v1",),
    "revise": ("transaction.revised.v1",),
    "amend": ("transaction.revised.v1",),
    "accept": ("transaction.accepted_by.v1", "transaction.accepted.v1"),
    "decline": ("transaction.declined.v1",),
    "cancel": ("transaction.cancelled.v1",),
    "confirm": ("transaction.confirmed.v1",),
    "finalize": ("transaction.finalized.v1",),
}
AFTERWARDS = {
    "propose": State.PROPOSED,
    "revise": State.PROPOSED,
    "amend": State.PROPOSED,
    "accept": State.ACCEPTED,
    "decline": State.DECLINED,
    "cancel": State.CANCELLED,
    "confirm": State.ACCEPTED,
    "finalize": State.FINALIZED,
}


def outcome_of(transaction: Transaction, verb: str, actor: str) -> str:
    """Do it: the action it made, `-` for nothing, or the name of the refusal. What it says of itself is checked."""
    before = copied(transaction)
    try:
        change = VERBS[verb](transaction, actor)
    except Failure as refusal:
        assert transaction == before
        assert refusal.extra.items() >= before.standing(actor, NOW).items()  # noqa: PT017 - a refusal is an outcome
        return type(refusal).__name__
    if change is None or isinstance(change, tuple):
        assert transaction == before
        return verb if change else "deleted" if verb == "delete" else "-"
    assert change.from_state == before.state
    assert change.to_state == transaction.state == AFTERWARDS.get(change.action, before.state)
    assert change.number == transaction.version == before.version + 1
    assert (change.actor, change.at, transaction.updated_at) == (actor, NOW, NOW)
    assert tuple(event.type for event in change.events) == EVENTS[change.action]
    return change.action


def done(change: Change | None) -> Change:
    """The change that a verb must have made."""
    assert change is not None
    return change


def later(**by: float) -> datetime:
    """So much after NOW."""
    return NOW + timedelta(**by)


def copied(transaction: Transaction) -> Transaction:
    """The same in every part, shared in none."""
    return copy.deepcopy(transaction)
