"""The shape of the read model's finalized exchanges, for whoever compares them with the ledger."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from skillsync_analytics.queries import BooksPage

__all__ = ["BooksAnswer", "represent_books"]


class PostedExchange(BaseModel):
    """One finalized exchange: its minutes as each table that measures are read from has them."""

    transaction_id: str
    settlement: str
    finalized_at: datetime
    minutes: int
    given_by_category: int
    received_by_category: int
    given_by_member: int
    received_by_member: int


class BooksAnswer(BaseModel):
    """The finalized ones among the exchanges after an id, by id."""

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
                            "given_by_category": 120,
                            "received_by_category": 120,
                            "given_by_member": 120,
                            "received_by_member": 120,
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )

    items: list[PostedExchange]
    next: str | None = Field(description="Where the next page begins; null on the last one")


def represent_books(page: BooksPage) -> BooksAnswer:
    """The page as it is shown."""
    items = [PostedExchange.model_validate(item, from_attributes=True) for item in page.items]
    return BooksAnswer(items=items, next=page.next)
