"""Transactions as they are shown.

Plain dataclasses: what comes from our own entities need not be validated, and a page makes a hundred of these.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.config import JsonDict

from skillsync_transactions.entities import Name, State, Transaction

__all__ = ["TransactionPage", "TransactionRepresentation", "page_as_json", "represent", "transaction_as_json"]

_ADA, _BO = "0190c5d4-8f6e-7000-8000-000000000001", "0190c5d4-8f6e-7000-8000-000000000002"
_EXAMPLE: JsonDict = {
    "id": "0190c5d4-8f6e-7000-8000-000000000020",
    "author": _ADA,
    "state": "proposed",
    "version": 2,
    "terms_rev": 1,
    "title": "Guitar for German",
    "note": "",
    "settlement": "hours",
    "scheduled_for": None,
    "expires_at": "2030-01-15T12:00:00Z",
    "finalizes_at": None,
    "ended_by": None,
    "reason": None,
    "reverses_id": None,
    "reversed_by": None,
    "legs": {
        "a": {"giver": _ADA, "receiver": _BO, "skill": "guitar", "minutes": 60},
        "b": {"giver": _BO, "receiver": _ADA, "skill": "german", "minutes": 60},
    },
    "participants": [
        {"id": _ADA, "first_name": "Ada", "last_name": "Berg", "display_name": "Ada B."},
        {"id": _BO, "first_name": "Bo", "last_name": "Lund", "display_name": "Bo"},
    ],
    "acceptances": [{"user": _ADA, "terms_rev": 1, "at": "2030-01-01T12:00:00Z"}],
    "confirmations": [],
    "allowed_actions": ["accept", "decline", "revise"],
    "created_at": "2030-01-01T11:00:00Z",
    "updated_at": "2030-01-01T12:00:00Z",
}


@dataclass(slots=True)
class LegRepresentation:
    """Who gives which skill to whom, for how many minutes."""

    giver: str | None
    receiver: str | None
    skill: str | None
    minutes: int | None


@dataclass(slots=True)
class ParticipantRepresentation:
    """A participant, by the names kept with the transaction."""

    id: str
    first_name: str
    last_name: str
    display_name: str


@dataclass(slots=True)
class AcceptanceRepresentation:
    """A yes to the terms of `terms_rev`."""

    user: str
    terms_rev: int
    at: datetime


@dataclass(slots=True)
class ConfirmationRepresentation:
    """A word that the exchange took place."""

    user: str
    at: datetime


@dataclass(slots=True)
class TransactionRepresentation:
    """A transaction as one participant sees it."""

    __pydantic_config__ = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    author: str
    state: State
    version: int
    terms_rev: int
    title: str
    note: str
    settlement: str
    scheduled_for: datetime | None
    expires_at: Annotated[datetime | None, Field(description="When it expires, if nobody does anything")]
    finalizes_at: Annotated[datetime | None, Field(description="When it is finalized, if nobody objects")]
    ended_by: Annotated[str | None, Field(description="Who declined or cancelled it")]
    reason: Annotated[str | None, Field(description="What was given as the last reason")]
    reverses_id: Annotated[str | None, Field(description="The transaction that this one undoes")]
    reversed_by: Annotated[str | None, Field(description="The transaction that undoes this one")]
    legs: dict[str, LegRepresentation]
    participants: list[ParticipantRepresentation]
    acceptances: list[AcceptanceRepresentation]
    confirmations: list[ConfirmationRepresentation]
    allowed_actions: list[str]
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class TransactionPage:
    """A page of transactions, the newest first; `next` is the cursor of the page after it."""

    __pydantic_config__ = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next": None}]})

    items: list[TransactionRepresentation]
    next: str | None


_representation, _page = TypeAdapter(TransactionRepresentation), TypeAdapter(TransactionPage)


def transaction_as_json(shown: TransactionRepresentation) -> str:
    """The body of an answer."""
    return _representation.dump_json(shown).decode()


def page_as_json(shown: TransactionPage) -> str:
    """The body of a list."""
    return _page.dump_json(shown).decode()


def represent(transaction: Transaction, viewer: str, now: datetime) -> TransactionRepresentation:
    """A transaction as `viewer` is shown it, with what they may do with it at this moment."""
    return TransactionRepresentation(
        id=transaction.id,
        author=transaction.author,
        state=transaction.state,
        version=transaction.version,
        terms_rev=transaction.terms_rev,
        title=transaction.title,
        note=transaction.note,
        settlement=transaction.settlement,
        scheduled_for=transaction.scheduled_for,
        expires_at=transaction.expires_at,
        finalizes_at=transaction.finalizes_at,
        ended_by=transaction.ended_by,
        reason=transaction.reasons[max(transaction.reasons)] if transaction.reasons else None,
        reverses_id=transaction.reverses_id,
        reversed_by=transaction.reversed_by,
        legs={
            key: LegRepresentation(leg.giver, leg.receiver, leg.skill, leg.minutes)
            for key, leg in transaction.legs.items()
        },
        participants=[_participant(user, transaction.names.get(user)) for user in transaction.participants],
        acceptances=[AcceptanceRepresentation(a.user, a.terms_rev, a.at) for a in transaction.acceptances],
        confirmations=[ConfirmationRepresentation(c.user, c.at) for c in transaction.confirmations],
        allowed_actions=transaction.allowed_actions(viewer, now),
        created_at=transaction.created_at,
        updated_at=transaction.updated_at,
    )


def _participant(user: str, name: Name | None) -> ParticipantRepresentation:
    # A name is missing only when its owner's texts were erased.
    known = name or Name("", "", "")
    return ParticipantRepresentation(user, known.first_name, known.last_name, known.display_name)
