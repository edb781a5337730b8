"""The shape of statistics over HTTP."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from skillsync_users.stats.entities import Statistics

__all__ = ["StatisticsRepresentation", "represent"]


class StatisticsRepresentation(BaseModel):
    """A member's sums over finalized exchanges, as far as events have told until now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user": "0190c5d4-8f6e-7000-8000-000000000001",
                    "finalized": 3,
                    "minutes_given": 180,
                    "minutes_received": 120,
                    "partners": 2,
                    "as_of": "2030-01-01T12:00:00Z",
                }
            ]
        }
    )

    user: str
    finalized: int
    minutes_given: int
    minutes_received: int
    partners: int
    as_of: datetime | None


def represent(statistics: Statistics) -> StatisticsRepresentation:
    """Statistics as callers are shown them."""
    return StatisticsRepresentation(
        user=statistics.user,
        finalized=statistics.finalized,
        minutes_given=statistics.minutes_given,
        minutes_received=statistics.minutes_received,
        partners=statistics.partners,
        as_of=statistics.as_of,
    )
