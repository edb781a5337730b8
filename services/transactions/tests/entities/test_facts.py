"""A transaction's events: from and to, the whole terms, no words of people; each as its schema says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from skillsync_transactions.entities import Account, Change, Changes, Movement, Transaction, apply
from skillsync_transactions.events import DomainEvent, TransactionEvent

from .examples import NOW, done, later, leg

SCHEMAS: dict[str, Any] = {
    path.stem: json.loads(path.read_text()) for path in (Path(__file__).resolve().parents[2] / "events").glob("*.json")
}
ADA, BO = (f"00000000-0000-7000-8000-{number:012}" for number in (1, 2))
GIFT: Changes = {
    "title": "secret title",
    "note": "secret note",
    "scheduled_for": later(days=3),
    "legs": {"a": leg(ADA, BO, 345)},
}


def proposed() -> tuple[Transaction, list[TransactionEvent]]:
    """A proposal, and its events so far."""
    transaction, _ = Transaction.draft("t", ADA, GIFT, NOW)
    return transaction, list(done(transaction.propose(ADA, NOW, open_proposals=0)).events)


def accepted() -> tuple[Transaction, list[TransactionEvent]]:
    """Accepted, and its events so far."""
    transaction, events = proposed()
    return transaction, [*events, *done(transaction.accept(BO, 1, NOW)).events]


Ending = Callable[[Transaction], Change | None]
ENDS: list[Ending] = [
    lambda t: t.cancel(ADA, "secret reason", NOW),
    lambda t: t.change(BO, {"legs": {"a": {"minutes": 90}}}, NOW),
    lambda t: t.pass_time(later(days=99)),
]
FINISHES: list[Ending] = [lambda t: t.finalize(BO, 1, NOW), lambda t: t.pass_time(later(days=99))]


def every_event() -> list[DomainEvent]:
    """What happens in lives that end in every way."""
    told: list[DomainEvent] = []
    for begin in (proposed, accepted):
        for end in ENDS:
            transaction, events = begin()
            told += [*events, *done(end(transaction)).events]
    told += done(proposed()[0].decline(BO, "secret reason", NOW)).events
    for finish in FINISHES:
        transaction, _ = accepted()
        told += done(transaction.finalize(ADA, 1, NOW)).events + done(finish(transaction)).events
    return [*told, *apply(Movement(held={BO: 345}), {BO: Account(BO)}, BO)]


def test_each_kind_of_event_happens_and_is_as_its_schema_says() -> None:
    events = every_event()
    assert {event.type for event in events} == set(SCHEMAS)
    for event in events:
        Draft202012Validator(SCHEMAS[event.type]).validate(event.data())


def test_no_event_holds_what_people_wrote() -> None:
    assert not [event for event in every_event() if "secret" in str(event)]


@pytest.mark.parametrize("name", ["transaction.revised.v1", "transaction.cancelled.v1", "transaction.expired.v1"])
def test_what_can_end_a_proposal_or_an_acceptance_tells_which(name: str) -> None:
    states = {event.data()["from"] for event in every_event() if event.type == name}
    assert states == {"proposed", "accepted"}


def test_the_last_yes_is_told_before_what_it_leads_to() -> None:
    _, (_, by, all_of_them) = accepted()
    assert (by.data()["from"], by.data()["to"]) == ("proposed", "proposed")
    assert (all_of_them.data()["from"], all_of_them.data()["to"]) == ("proposed", "accepted")
    assert (by.version, all_of_them.version) == (3, 3)


def test_an_event_tells_the_whole_terms() -> None:
    data = proposed()[1][0].data()
    assert data == {
        "author": ADA,
        "participants": [ADA, BO],
        "from": "draft",
        "to": "proposed",
        "version": 2,
        "terms_rev": 1,
        "settlement": "hours",
        "scheduled_for": later(days=3).isoformat(),
        "expires_at": later(days=3).isoformat(),
        "finalizes_at": None,
        "legs": {"a": {"giver": ADA, "receiver": BO, "skill": "guitar", "minutes": 345}},
    }


def test_what_time_does_has_no_actor() -> None:
    transaction, _ = accepted()
    assert [event.by for event in done(transaction.pass_time(later(days=99))).events] == [None]
