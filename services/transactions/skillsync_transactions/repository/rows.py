"""Between rows and entities."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from skillsync_transactions.entities import (
    Acceptance,
    Change,
    Confirmation,
    Leg,
    Name,
    Revision,
    State,
    Transaction,
)

__all__ = ["entity", "history_columns", "lasting_columns", "present_columns", "text_columns"]


def entity(row: Row[Any]) -> Transaction:
    """The transaction of a row of `transactions` with its texts and `reversed_by`."""
    return Transaction(
        id=row.id,
        author=row.author,
        created_at=row.created_at,
        updated_at=row.updated_at,
        state=State(row.state),
        version=row.version,
        terms_rev=row.terms_rev,
        title=row.title,
        note=row.note,
        settlement=row.settlement,
        scheduled_for=row.scheduled_for,
        days_open=row.days_open,
        expires_at=row.expires_at,
        finalizes_at=row.finalizes_at,
        ended_by=row.ended_by,
        reverses_id=row.reverses_id,
        reversed_by=row.reversed_by,
        legs={key: Leg(**leg) for key, leg in row.legs.items()},
        acceptances=tuple(Acceptance(user, rev, datetime.fromisoformat(at)) for user, rev, at in row.acceptances),
        confirmations=tuple(Confirmation(user, rev, datetime.fromisoformat(at)) for user, rev, at in row.confirmations),
        revisions=tuple(Revision(rev, by, tuple(changed)) for rev, by, changed in row.revisions),
        names={user: Name(*names) for user, names in row.names.items()},
        reasons={int(number): reason for number, reason in row.reasons.items()},
        event_sequence=row.event_sequence,
    )


def lasting_columns(transaction: Transaction) -> dict[str, Any]:
    """What is written once."""
    return {
        "id": transaction.id,
        "author": transaction.author,
        "reverses_id": transaction.reverses_id,
        "created_at": transaction.created_at,
    }


def present_columns(transaction: Transaction) -> dict[str, Any]:
    """What each change writes anew."""
    return {
        "state": transaction.state.value,
        "version": transaction.version,
        "terms_rev": transaction.terms_rev,
        "settlement": transaction.settlement,
        "legs": {key: asdict(leg) for key, leg in transaction.legs.items()},
        "scheduled_for": transaction.scheduled_for,
        "days_open": transaction.days_open,
        "expires_at": transaction.expires_at,
        "finalizes_at": transaction.finalizes_at,
        "due_at": transaction.due_at,
        "ended_by": transaction.ended_by,
        "acceptances": [(a.user, a.terms_rev, a.at.isoformat()) for a in transaction.acceptances],
        "confirmations": [(c.user, c.terms_rev, c.at.isoformat()) for c in transaction.confirmations],
        "revisions": [(r.terms_rev, r.by, r.changed) for r in transaction.revisions],
        "event_sequence": transaction.event_sequence,
        "updated_at": transaction.updated_at,
    }


def text_columns(transaction: Transaction) -> dict[str, Any]:
    """What people wrote."""
    return {
        "title": transaction.title,
        "note": transaction.note,
        "names": _names(transaction.names),
        "reasons": {str(number): reason for number, reason in transaction.reasons.items()},
    }


def history_columns(transaction: Transaction, change: Change) -> dict[str, Any]:
    """An entry of the history."""
    return {
        "transaction_id": transaction.id,
        "number": change.number,
        "actor": change.actor,
        "action": change.action,
        "from_state": change.from_state.value if change.from_state else None,
        "to_state": change.to_state.value,
        "changed": list(change.changed),
        "at": change.at,
    }


def _names(names: Mapping[str, Name]) -> dict[str, tuple[str, str, str]]:
    return {user: (name.first_name, name.last_name, name.display_name) for user, name in names.items()}
