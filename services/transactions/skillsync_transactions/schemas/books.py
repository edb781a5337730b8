"""The shape of the ledger by transactions, for workers that compare it."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from skillsync_transactions.entities.records import Posted

__all__ = ["BooksAnswer", "represent_books"]


class PostedTransaction(BaseModel):
    """A finalized transaction: the minutes of its legs, what was posted to accounts, and what was taken from them."""

    transaction_id: str
    settlement: str
    finalized_at: datetime
    minutes: int
    posted: int
    taken: int


class BooksAnswer(BaseModel):
    """The finalized ones among the transactions after an id, by id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "transaction_id": "0190c5d4-8f6e-7000-8000-000000000020",
                            "settlement": "hours",
                            "finalized_at": "2030-01-01T12:00:00Z",
                            "minutes": 120,
                            "posted": 120,
                            "taken": 120,
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )

    items: list[PostedTransaction]
    next: str | None = Field(description="Where the next page begins; null on the last one")


def represent_books(items: Iterable[Posted], next: str | None) -> BooksAnswer:
    """A page as it is shown."""
    return BooksAnswer(items=[PostedTransaction.model_validate(it, from_attributes=True) for it in items], next=next)
