"""The rules of an exchange on plain values, as both HTTP peers apply them: only how they reach the database differs.

Enough for the operations that are measured, and for what refuses them; the rest of the domain is not here.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from skillsync_kit.ids import new_id

__all__ = [
    "AFTER_ACCEPTANCE",
    "OPEN",
    "DomainEvent",
    "Movement",
    "Refused",
    "allowed_actions",
    "envelope",
    "event_data",
    "hold",
    "participants_of",
    "post",
    "require_complete",
    "require_hours",
    "require_state",
    "require_terms",
]

OPEN = timedelta(days=14)
AFTER_ACCEPTANCE = timedelta(days=60)
MOST_OPEN_PROPOSALS = 20
MOST_REVISIONS = 10

Legs = Mapping[str, Mapping[str, Any]]


class Refused(Exception):
    """A refusal: an HTTP status, and the code by which programs know it."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """An event on its way to the outbox."""

    id: str
    type: str
    subject: str
    sequence: int
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Movement:
    """Minutes held and released by owner, and postings: leg, account, counterparty, skill, minutes."""

    held: Mapping[str, int] = field(default_factory=dict)
    released: Mapping[str, int] = field(default_factory=dict)
    postings: Sequence[tuple[str, str, str, str, int]] = ()

    @property
    def owners(self) -> list[str]:
        """Whose accounts it touches, in the order in which they are locked."""
        return sorted({*self.held, *self.released, *(posting[1] for posting in self.postings)})


def participants_of(legs: Legs, author: str) -> list[str]:
    """Everyone who gives or receives, the author first."""
    people = {person for leg in legs.values() for person in (leg["giver"], leg["receiver"]) if person}
    return sorted(people, key=lambda person: (person != author, person))


def require_complete(legs: Legs, author: str) -> None:
    """Check what a proposal needs."""
    if not is_complete(legs, author):
        raise Refused(422, "incomplete")


def is_complete(legs: Legs, author: str) -> bool:
    """Whether a draft could be proposed."""
    return (
        bool(legs)
        and all(None not in leg.values() for leg in legs.values())
        and author in participants_of(legs, author)
    )


def require_state(state: str, wanted: str, expires_at: datetime | None, now: datetime) -> None:
    """Check where it is in its life; a late answer is refused whatever the state says."""
    if state != wanted or (expires_at is not None and now >= expires_at):
        raise Refused(409, "wrong-state")


def require_terms(terms_rev: int, present: int) -> None:
    """Check that the terms agreed to are the present ones."""
    if terms_rev != present:
        raise Refused(409, "terms-changed")


def require_hours(available: int, floor: int, minutes: int) -> None:
    """Check that as many minutes can be held."""
    if available - minutes < floor:
        raise Refused(409, "not-enough-hours")


def hold(legs: Legs, settlement: str) -> Movement:
    """What an acceptance reserves: what each receives more than they give."""
    return Movement(held=_outflows(legs)) if settlement == "hours" else Movement()


def post(legs: Legs, settlement: str) -> Movement:
    """What a finalization counts: the hold becomes two postings for each leg."""
    if settlement != "hours":
        return Movement()
    postings = []
    for key, leg in sorted(legs.items()):
        giver, receiver, skill, minutes = leg["giver"], leg["receiver"], leg["skill"], leg["minutes"]
        postings += [(key, receiver, giver, skill, -minutes), (key, giver, receiver, skill, minutes)]
    return Movement(released=_outflows(legs), postings=postings)


def _outflows(legs: Legs) -> dict[str, int]:
    net: Counter[str] = Counter()
    for leg in legs.values():
        net[leg["receiver"]] += leg["minutes"]
        net[leg["giver"]] -= leg["minutes"]
    return {owner: minutes for owner, minutes in net.items() if minutes > 0}


def allowed_actions(
    viewer: str,
    *,
    state: str,
    author: str,
    legs: Legs,
    terms_rev: int,
    acceptances: Collection[Sequence[Any]],
    confirmations: Collection[Sequence[Any]],
    revisions: Collection[Any],
    is_reversed: bool,
) -> list[str]:
    """What the viewer may do now, in alphabetical order."""
    may_revise = len(revisions) < MOST_REVISIONS
    if state == "draft":
        return ["delete", "edit", "propose"] if is_complete(legs, author) else ["delete", "edit"]
    if state == "proposed":
        accept = [] if any(a[0] == viewer and a[1] == terms_rev for a in acceptances) else ["accept"]
        return accept + (["cancel"] if viewer == author else ["decline"]) + (["revise"] if may_revise else [])
    if state == "accepted":
        amend = ["amend"] if may_revise and not confirmations else []
        finalize = [] if any(c[0] == viewer and c[1] == terms_rev for c in confirmations) else ["finalize"]
        return [*amend, "cancel", *finalize]
    return ["reverse"] if state == "finalized" and not is_reversed else []


def event_data(
    *,
    author: str,
    from_state: str,
    to_state: str,
    version: int,
    terms_rev: int,
    settlement: str,
    scheduled_for: datetime | None,
    legs: Legs,
) -> dict[str, Any]:
    """What every event of a transaction tells."""
    return {
        "author": author,
        "participants": participants_of(legs, author),
        "from": from_state,
        "to": to_state,
        "version": version,
        "terms_rev": terms_rev,
        "settlement": settlement,
        "scheduled_for": scheduled_for.isoformat() if scheduled_for else None,
        "legs": dict(legs),
    }


def envelope(
    type: str, subject: str, sequence: int, at: datetime, actor: str, flow: tuple[str, str], data: dict[str, Any]
) -> DomainEvent:
    """The event in its CloudEvents envelope; `flow` is the request's id and its traceparent."""
    id, (request_id, traceparent) = new_id(), flow
    payload = {
        "specversion": "1.0",
        "id": id,
        "type": type,
        "source": "/transactions",
        "subject": subject,
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": f"/transactions/events/{type}.json",
        "sequence": sequence,
        "actor": actor,
        "correlationid": request_id,
        "causationid": request_id,
        "traceparent": traceparent,
        "data": data,
    }
    return DomainEvent(id, type, subject, sequence, payload)
