"""What was written down and never changes: entries of the ledger and of a transaction's history."""

from dataclasses import dataclass
from datetime import datetime

from skillsync_transactions.entities.account import Account
from skillsync_transactions.entities.parts import State

__all__ = ["HistoryEntry", "LedgerEntry", "Posted", "Statement"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A member's account, and what came to it and left it since some moment, in minutes."""

    account: Account
    minutes_given: int
    minutes_received: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Minutes that came to an account (positive) or left it (negative) by one leg of a finalized transaction."""

    id: str
    account: str
    transaction_id: str
    leg: str
    skill: str
    counterparty: str
    minutes: int
    at: datetime


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What was done to a transaction: by whom (None: by time), from which state to which, and why if they said so."""

    number: int
    actor: str | None
    action: str
    from_state: State | None
    to_state: State
    changed: tuple[str, ...]
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Posted:
    """A finalized transaction: the minutes of its legs, and what was posted to accounts and taken from them.

    Without a settlement in hours nothing is posted.
    """

    transaction_id: str
    settlement: str
    finalized_at: datetime
    minutes: int
    posted: int
    taken: int
