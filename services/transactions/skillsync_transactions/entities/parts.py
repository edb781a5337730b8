"""What a transaction is made of besides its terms: states, names, yeses, and the record of a change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from skillsync_transactions.entities.hours import Movement
from skillsync_transactions.events import TransactionEvent

__all__ = ["FORMER_MEMBER", "Acceptance", "Change", "Confirmation", "Name", "Revision", "State"]


class State(StrEnum):
    """Where a transaction is in its life."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    FINALIZED = "finalized"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Name:
    """A participant's names as they were when the transaction was written."""

    first_name: str
    last_name: str
    display_name: str


FORMER_MEMBER = Name("Former member", "", "Former member")
"""What stands for the names of one who was erased."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A participant's yes to the terms of `terms_rev`; only one to the present terms counts."""

    user: str
    terms_rev: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A participant's word that the exchange took place."""

    user: str
    terms_rev: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """A change of terms after the proposal: the terms_rev it made, and JSON pointers of what changed."""

    terms_rev: int
    by: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb did: an entry of the history, the events that tell of it, and the hours it moves.

    The actor is None where time did it; the movement is None where no hours are counted or none are concerned.
    """

    number: int
    actor: str | None
    action: str
    from_state: State | None
    to_state: State
    changed: tuple[str, ...]
    at: datetime
    events: tuple[TransactionEvent, ...] = ()
    movement: Movement | None = None
