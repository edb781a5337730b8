"""A transaction's history as it is shown."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from skillsync_transactions.entities import State
from skillsync_transactions.entities.records import HistoryEntry

__all__ = ["HistoryPage", "represent_history"]


class HistoryEntryRepresentation(BaseModel):
    """One change of a transaction. Nobody is its actor when time did it."""

    number: int
    actor: str | None
    action: str
    from_state: State | None = Field(serialization_alias="from")
    to_state: State = Field(serialization_alias="to")
    changed: list[str] = Field(description="JSON pointers of what was changed")
    reason: str | None
    at: datetime


class HistoryPage(BaseModel):
    """A page of a transaction's history, from its beginning; `next` is the cursor of the page after it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "number": 3,
                            "actor": "0190c5d4-8f6e-7000-8000-000000000002",
                            "action": "decline",
                            "from": "proposed",
                            "to": "declined",
                            "changed": [],
                            "reason": "I am away that week.",
                            "at": "2030-01-02T08:30:00Z",
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )

    items: list[HistoryEntryRepresentation]
    next: str | None


def represent_history(entry: HistoryEntry) -> HistoryEntryRepresentation:
    """An entry of a transaction's history."""
    return HistoryEntryRepresentation(
        number=entry.number,
        actor=entry.actor,
        action=entry.action,
        from_state=entry.from_state,
        to_state=entry.to_state,
        changed=list(entry.changed),
        reason=entry.reason,
        at=entry.at,
    )
