"""Transactions, accounts and their parts: plain objects that keep the rules of docs/architecture.md and do no I/O."""

from skillsync_transactions.entities.account import DEFAULT_FLOOR, Account, apply
from skillsync_transactions.entities.agreement import MOST_REVISIONS
from skillsync_transactions.entities.deadlines import FEWEST_DAYS_OPEN, MOST_DAYS_OPEN, USUAL_DAYS_OPEN
from skillsync_transactions.entities.hours import Movement, Posting
from skillsync_transactions.entities.parts import FORMER_MEMBER, Acceptance, Change, Confirmation, Name, Revision, State
from skillsync_transactions.entities.terms import Changes, Leg, LegChanges
from skillsync_transactions.entities.transaction import MOST_OPEN_PROPOSALS, Transaction

__all__ = [
    "DEFAULT_FLOOR",
    "FEWEST_DAYS_OPEN",
    "FORMER_MEMBER",
    "MOST_DAYS_OPEN",
    "MOST_OPEN_PROPOSALS",
    "MOST_REVISIONS",
    "USUAL_DAYS_OPEN",
    "Acceptance",
    "Account",
    "Change",
    "Changes",
    "Confirmation",
    "Leg",
    "LegChanges",
    "Movement",
    "Name",
    "Posting",
    "Revision",
    "State",
    "Transaction",
    "apply",
]
