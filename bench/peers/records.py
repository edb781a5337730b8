"""A transaction as a dict of its columns, for the hand-written peer and the floor: made, changed, shown, written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.peers import rules
from bench.peers.rules import DomainEvent, Movement
from bench.peers.statements import FIND_COLUMNS
from skillsync_kit.ids import new_id

__all__ = [
    "Record",
    "accept",
    "draft",
    "finalize",
    "history",
    "ledger_entries",
    "moved",
    "of_row",
    "outbox",
    "participant",
    "propose",
    "represent",
    "row",
    "saved",
    "texts",
]

Record = dict[str, Any]
Values = tuple[Any, ...]
_ALL_COLUMNS = [*FIND_COLUMNS, "title", "note", "names", "reasons", "reversed_by"]
_JSON_COLUMNS = ("legs", "acceptances", "confirmations", "revisions", "names", "reasons")
_TIME_COLUMNS = ("scheduled_for", "expires_at", "finalizes_at", "due_at", "created_at", "updated_at")


def of_row(values: Sequence[Any]) -> Record:
    """The record of a row of FIND or PAGE."""
    record = dict(zip(_ALL_COLUMNS, values, strict=False))
    for name in _JSON_COLUMNS:
        record[name] = json.loads(record[name])
    for name in _TIME_COLUMNS:
        if record[name] is not None:
            record[name] = record[name].replace(tzinfo=UTC)
    return record


def draft(
    id: str,
    author: str,
    title: str,
    note: str,
    settlement: str,
    legs: Mapping[str, Any],
    names: Mapping[str, Sequence[str]],
    now: datetime,
) -> Record:
    """A new one."""
    return {
        "id": id,
        "author": author,
        "state": "draft",
        "version": 1,
        "terms_rev": 1,
        "settlement": settlement,
        "legs": legs,
        "scheduled_for": None,
        "days_open": rules.OPEN.days,
        "expires_at": None,
        "finalizes_at": None,
        "due_at": None,
        "ended_by": None,
        "reverses_id": None,
        "acceptances": [],
        "confirmations": [],
        "revisions": [],
        "event_sequence": 0,
        "created_at": now,
        "updated_at": now,
        "title": title,
        "note": note,
        "names": names,
        "reasons": {},
        "reversed_by": None,
    }


# --- what is done to it: each changes the record, and gives the events that tell of it ---


def propose(record: Record, by: str, now: datetime, flow: tuple[str, str]) -> list[DomainEvent]:
    """The author makes it known, and accepts by that."""
    record["acceptances"] = [[by, record["terms_rev"], now.isoformat()]]
    _enter(record, "proposed", now, now + rules.OPEN)
    return [_event(record, "transaction.proposed.v1", "draft", "proposed", by, now, flow)]


def accept(record: Record, by: str, now: datetime, flow: tuple[str, str]) -> tuple[list[DomainEvent], Movement]:
    """A participant says yes; with the last yes the hours are held."""
    record["acceptances"] = [*record["acceptances"], [by, record["terms_rev"], now.isoformat()]]
    is_last = len(record["acceptances"]) == len(rules.participants_of(record["legs"], record["author"]))
    _enter(record, "accepted" if is_last else "proposed", now, now + rules.AFTER_ACCEPTANCE)
    events = [_event(record, "transaction.accepted_by.v1", "proposed", "proposed", by, now, flow)]
    if not is_last:
        return events, Movement()
    events.append(_event(record, "transaction.accepted.v1", "proposed", "accepted", by, now, flow))
    return events, rules.hold(record["legs"], record["settlement"])


def finalize(record: Record, by: str, now: datetime, flow: tuple[str, str]) -> tuple[list[DomainEvent], Movement]:
    """A receiver of two participants says that it took place, and the hours are counted."""
    record["confirmations"] = [*record["confirmations"], [by, record["terms_rev"], now.isoformat()]]
    _enter(record, "finalized", now, None)
    events = [_event(record, "transaction.finalized.v1", "accepted", "finalized", by, now, flow)]
    return events, rules.post(record["legs"], record["settlement"])


def moved(movement: Movement, accounts: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, int, int]]:
    """Owner, balance and held of each account after a movement. Refuses when somebody would fall under their floor."""
    for owner, (_, balance, held_before, floor, _) in accounts.items():
        held = held_before - movement.released.get(owner, 0)
        if minutes := movement.held.get(owner, 0):
            rules.require_hours(balance - held, floor, minutes)
        yield owner, balance + sum(p[4] for p in movement.postings if p[1] == owner), held + minutes


# --- as rows ---


def row(record: Record) -> Values:
    """What is inserted into transactions."""
    return tuple(json.dumps(record[name]) if name in _JSON_COLUMNS else record[name] for name in FIND_COLUMNS)


def saved(record: Record) -> Values:
    """What a change writes anew, then the id and the version before it."""
    written = [name for name in FIND_COLUMNS if name not in ("id", "author", "reverses_id", "created_at")]
    values = (json.dumps(record[name]) if name in _JSON_COLUMNS else record[name] for name in written)
    return (*values, record["id"], record["version"] - 1)


def texts(record: Record) -> Values:
    """What people wrote."""
    return (record["id"], record["title"], record["note"], json.dumps(record["names"]), json.dumps(record["reasons"]))


def participant(record: Record, user: str) -> Values:
    """That somebody may see it."""
    return (user, record["id"], user == record["author"], record["state"], record["updated_at"])


def history(record: Record, by: str, action: str, from_state: str | None, now: datetime) -> Values:
    """An entry of the history."""
    return (record["id"], record["version"], by, action, from_state, record["state"], "[]", now)


def outbox(events: Sequence[DomainEvent], flow: tuple[str, str], now: datetime) -> list[Values]:
    """The events as rows."""
    return [(e.id, e.type, e.subject, e.sequence, json.dumps(e.payload), flow[1], now, 0, now) for e in events]


def ledger_entries(movement: Movement, id: str, now: datetime) -> list[Values]:
    """The postings as rows."""
    return [(new_id(), account, id, leg, skill, other, m, now) for leg, account, other, skill, m in movement.postings]


# --- as shown ---


def represent(record: Record, viewer: str) -> dict[str, Any]:
    """The answer's JSON."""
    author, legs = record["author"], record["legs"]
    reasons = record["reasons"]
    return {
        "id": record["id"],
        "author": author,
        "state": record["state"],
        "version": record["version"],
        "terms_rev": record["terms_rev"],
        "title": record["title"],
        "note": record["note"],
        "settlement": record["settlement"],
        "scheduled_for": _moment(record["scheduled_for"]),
        "expires_at": _moment(record["expires_at"]),
        "finalizes_at": _moment(record["finalizes_at"]),
        "ended_by": record["ended_by"],
        "reason": reasons[max(reasons, key=int)] if reasons else None,
        "reverses_id": record["reverses_id"],
        "reversed_by": record["reversed_by"],
        "legs": legs,
        "participants": [_named(user, record["names"]) for user in rules.participants_of(legs, author)],
        "acceptances": [{"user": user, "terms_rev": rev, "at": at} for user, rev, at in record["acceptances"]],
        "confirmations": [{"user": user, "at": at} for user, _, at in record["confirmations"]],
        "allowed_actions": rules.allowed_actions(
            viewer,
            state=record["state"],
            author=author,
            legs=legs,
            terms_rev=record["terms_rev"],
            acceptances=record["acceptances"],
            confirmations=record["confirmations"],
            revisions=record["revisions"],
            is_reversed=record["reversed_by"] is not None,
        ),
        "created_at": _moment(record["created_at"]),
        "updated_at": _moment(record["updated_at"]),
    }


def _named(user: str, names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    first, last, display = names.get(user, ("", "", ""))
    return {"id": user, "first_name": first, "last_name": last, "display_name": display}


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _enter(record: Record, state: str, now: datetime, expires_at: datetime | None) -> None:
    record["state"] = state
    record["expires_at"] = record["due_at"] = expires_at
    record["updated_at"] = now
    record["version"] += 1


def _event(
    record: Record, type: str, from_state: str, to_state: str, by: str, now: datetime, flow: tuple[str, str]
) -> DomainEvent:
    record["event_sequence"] += 1
    data = rules.event_data(
        author=record["author"],
        from_state=from_state,
        to_state=to_state,
        version=record["version"],
        terms_rev=record["terms_rev"],
        settlement=record["settlement"],
        scheduled_for=record["scheduled_for"],
        legs=record["legs"],
    )
    return rules.envelope(type, record["id"], record["event_sequence"], now, by, flow, data)
