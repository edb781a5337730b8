"""Response shapes of the service's HTTP."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from skillsync_analytics.queries import MemberFigures
from skillsync_kit.tabular import write_csv

__all__ = ["MemberDefinitions", "MemberMeasures", "personal_csv", "represent"]

_COLUMNS = ("finalized", "minutes_given", "minutes_received", "partners")


class MemberDefinitions(BaseModel):
    """What each measure means, one sentence each."""

    finalized: str = "Exchanges you took part in that were finalized."
    minutes_given: str = "Minutes you gave in them, added up over their legs."
    minutes_received: str = "Minutes you received in them, added up over their legs."
    partners: str = "Different people who took part in them with you, each counted once."


class MemberMeasures(BaseModel):
    """A member's own figures, with what they mean and how fresh they are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "definition": MemberDefinitions().model_dump(),
                    "as_of": "2030-01-01T12:00:00Z",
                    "finalized": 3,
                    "minutes_given": 180,
                    "minutes_received": 120,
                    "partners": 2,
                }
            ]
        }
    )

    definition: MemberDefinitions
    as_of: datetime | None = Field(description="Time of the newest event counted for anyone; null before the first")
    finalized: int
    minutes_given: int
    minutes_received: int
    partners: int


def represent(figures: MemberFigures, as_of: datetime | None) -> MemberMeasures:
    """A member's figures as they are shown."""
    return MemberMeasures(
        definition=MemberDefinitions(),
        as_of=as_of,
        finalized=figures.finalized,
        minutes_given=figures.minutes_given,
        minutes_received=figures.minutes_received,
        partners=figures.partners,
    )


def personal_csv(shown: MemberMeasures) -> str:
    """A member's figures as CSV: a row for each, with what it means and how fresh it is."""
    as_of = shown.as_of.isoformat() if shown.as_of else None
    definitions = shown.definition.model_dump()
    rows = (
        {"measure": name, "value": getattr(shown, name), "as_of": as_of, "definition": definitions[name]}
        for name in _COLUMNS
    )
    return write_csv(("measure", "value", "as_of", "definition"), rows)
