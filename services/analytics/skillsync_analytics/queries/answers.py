"""What is asked of a measure, what is answered, and which ranges are refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from skillsync_analytics.entities.calendar import Interval, Span
from skillsync_analytics.entities.measures import LONGEST_DAYS, Measure
from skillsync_analytics.errors import InvalidRange

__all__ = ["Answer", "Asked", "Cell", "Row", "span_of"]

Cell = str | int | float | None
Row = dict[str, Cell]

_USUAL_DAYS = {Interval.DAY: 28, Interval.WEEK: 84, Interval.MONTH: 364}
_FIRST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters as they were given."""

    since: date | None = None
    until: date | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A measure's rows. `span` is None where the measure is of this moment."""

    measure: Measure
    as_of: datetime | None
    span: Span | None
    rows: Sequence[Row]


def span_of(measure: Measure, asked: Asked, today: date) -> Span | None:
    """The whole buckets asked for; None for a measure of this moment. Raises InvalidRange."""
    if not measure.intervals:
        given = {"from": asked.since, "to": asked.until, "interval": asked.interval}
        for parameter, value in given.items():
            if value is not None:
                raise InvalidRange.at(parameter, f"'{measure.name}' is of this moment: leave it out")
        return None
    interval = asked.interval or measure.intervals[0]
    if interval not in measure.intervals:
        told = ", ".join(measure.intervals)
        raise InvalidRange.at("interval", f"'{measure.name}' is told by {told}")
    return Span.around(*_range(asked, interval, today), interval)


def _range(asked: Asked, interval: Interval, today: date) -> tuple[date, date]:
    tomorrow = today + timedelta(days=1)
    until = asked.until or tomorrow
    if until > tomorrow:
        raise InvalidRange.at("to", f"must not lie after tomorrow, {tomorrow.isoformat()}")
    if until.year < _FIRST_YEAR:
        raise InvalidRange.at("to", f"must not lie before the year {_FIRST_YEAR}")
    since = asked.since or until - timedelta(days=_USUAL_DAYS[interval])
    if since.year < _FIRST_YEAR:
        raise InvalidRange.at("from", f"must not lie before the year {_FIRST_YEAR}")
    if since >= until:
        raise InvalidRange.at("from", f"must lie before 'to', {until.isoformat()}")
    if (until - since).days > LONGEST_DAYS[interval]:
        raise InvalidRange.at("from", f"at most {LONGEST_DAYS[interval]} days before 'to' by {interval}")
    return since, until
