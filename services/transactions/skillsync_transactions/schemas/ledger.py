"""The caller's hours as they are shown."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from skillsync_transactions.entities import Account
from skillsync_transactions.entities.records import LedgerEntry, Statement

__all__ = [
    "BalanceRepresentation",
    "LedgerPage",
    "StatementForWorkers",
    "represent_balance",
    "represent_entry",
    "represent_statement",
]


class LedgerEntryRepresentation(BaseModel):
    """Minutes that came (positive) or went (negative) by one leg of a finalized transaction."""

    id: str
    transaction: str
    leg: str
    skill: str
    counterparty: str
    minutes: int
    at: datetime


class LedgerPage(BaseModel):
    """A page of the caller's ledger entries, the newest first; `next` is the cursor of the page after it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": "0190c5d4-8f6e-7000-8000-000000000040",
                            "transaction": "0190c5d4-8f6e-7000-8000-000000000020",
                            "leg": "a",
                            "skill": "guitar",
                            "counterparty": "0190c5d4-8f6e-7000-8000-000000000002",
                            "minutes": 60,
                            "at": "2030-01-10T18:00:00Z",
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )

    items: list[LedgerEntryRepresentation]
    next: str | None


class BalanceRepresentation(BaseModel):
    """The caller's hours, in minutes: `available` is the balance less what accepted transactions will take."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account": "0190c5d4-8f6e-7000-8000-000000000001",
                    "balance": 120,
                    "held": 60,
                    "available": 60,
                    "floor": -600,
                }
            ]
        }
    )

    account: str
    balance: int
    held: int
    available: int
    floor: int = Field(description="What `available` never falls under")


class StatementForWorkers(BaseModel):
    """A member's hours, in minutes, for mails to them; given and received: since the moment asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"balance": 120, "available": 60, "floor": -600, "minutes_given": 90, "minutes_received": 30}]
        }
    )

    balance: int
    available: int
    floor: int = Field(description="What `available` never falls under")
    minutes_given: int
    minutes_received: int


def represent_entry(entry: LedgerEntry) -> LedgerEntryRepresentation:
    """An entry of the caller's account."""
    return LedgerEntryRepresentation(
        id=entry.id,
        transaction=entry.transaction_id,
        leg=entry.leg,
        skill=entry.skill,
        counterparty=entry.counterparty,
        minutes=entry.minutes,
        at=entry.at,
    )


def represent_balance(account: Account) -> BalanceRepresentation:
    """The caller's account."""
    return BalanceRepresentation(
        account=account.owner,
        balance=account.balance,
        held=account.held,
        available=account.available,
        floor=account.floor,
    )


def represent_statement(statement: Statement) -> StatementForWorkers:
    """A member's hours as a worker is told them."""
    account = statement.account
    return StatementForWorkers(
        balance=account.balance,
        available=account.available,
        floor=account.floor,
        minutes_given=statement.minutes_given,
        minutes_received=statement.minutes_received,
    )
