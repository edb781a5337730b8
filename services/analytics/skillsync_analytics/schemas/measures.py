"""The shapes of coordinators' measures."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from skillsync_analytics.entities.calendar import Interval
from skillsync_analytics.entities.measures import MEASURES, Measure
from skillsync_analytics.queries import Answer
from skillsync_kit.tabular import write_csv

__all__ = ["MeasureAnswer", "MeasureList", "csv_of", "list_measures", "represent_answer"]

Cell = str | int | float | None


def _about(measure: Measure) -> "MeasureAbout":
    return MeasureAbout(
        measure=measure.name, definition=measure.definition, columns=measure.columns, intervals=list(measure.intervals)
    )


class MeasureAbout(BaseModel):
    """A measure: what it means, what each column of its rows tells, and by which intervals it is told."""

    measure: str
    definition: str
    columns: dict[str, str] = Field(description="What each column tells")
    intervals: list[Interval] = Field(description="The usual one first; none when the measure is of this moment")


class MeasureList(BaseModel):
    """All measures."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "measure": "gap",
                            "definition": MEASURES["gap"].definition,
                            "columns": dict(MEASURES["gap"].columns),
                            "intervals": [],
                        }
                    ]
                }
            ]
        }
    )

    items: list[MeasureAbout]


class MeasureAnswer(BaseModel):
    """A measure over whole buckets that hold the range asked for."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {
                    "measure": "exchanges",
                    "definition": MEASURES["exchanges"].definition,
                    "as_of": "2030-01-10T12:00:00Z",
                    "from": "2029-12-31",
                    "to": "2030-01-14",
                    "interval": "week",
                    "rows": [
                        {"start": "2029-12-31", "exchanges": 12, "minutes": 930, "hours": 15.5},
                        {"start": "2030-01-07", "exchanges": None, "minutes": None, "hours": None},
                    ],
                }
            ]
        },
    )

    measure: str
    definition: str
    as_of: datetime | None = Field(description="Time of the newest event counted; null before the first")
    since: date | None = Field(alias="from", description="The first day of the first bucket, in UTC")
    until: date | None = Field(alias="to", description="The day after the last bucket")
    interval: Interval | None
    rows: list[dict[str, Cell]] = Field(
        description="By the columns that GET /v1/analytics tells of; null is what is not shown, or not known"
    )


def list_measures() -> MeasureList:
    """All measures as they are shown."""
    return MeasureList(items=[_about(measure) for measure in MEASURES.values()])


def represent_answer(answer: Answer) -> MeasureAnswer:
    """An answer as it is shown."""
    span = answer.span
    return MeasureAnswer(
        measure=answer.measure.name,
        definition=answer.measure.definition,
        as_of=answer.as_of,
        since=span.since if span else None,
        until=span.until if span else None,
        interval=span.interval if span else None,
        rows=list(answer.rows),
    )


def csv_of(shown: MeasureAnswer) -> str:
    """An answer as CSV; each row names its definition and how fresh it is, for a file is parted from its headers."""
    told: dict[str, Cell] = {"as_of": _iso(shown.as_of), "definition": shown.definition}
    columns = [*MEASURES[shown.measure].columns, *told]
    return write_csv(columns, ({**row, **told} for row in shown.rows))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
