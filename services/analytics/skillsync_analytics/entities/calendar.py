"""Days, weeks and months as numbers, each inside the next, in UTC.

A week begins on Monday. A month is made of whole weeks: those whose Thursday lies in it, as ISO 8601 has it for years.
So every day lies in one week and every week in one month, and no figure of a month less those of its weeks tells of the
days at its edge. See docs/decisions/0033-figures-that-keep-secrets.md.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

__all__ = ["Interval", "Periods", "Span", "number_of", "periods", "start_of"]

_EPOCH = date(1970, 1, 1)
# The epoch was a Thursday, three days after its Monday.
_DAYS_FROM_MONDAY = 3


class Interval(StrEnum):
    """How wide a bucket is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Periods:
    """The day, week and month of a moment: days since 1970, weeks since that of 1970-01-01, months since year 0."""

    day: int
    week: int
    month: int


def periods(moment: datetime) -> Periods:
    """The periods in which a moment lies."""
    day = moment.astimezone(UTC).date()
    return Periods(*(number_of(day, interval) for interval in Interval))


def number_of(day: date, interval: Interval) -> int:
    """The number of the period in which a day lies."""
    days = (day - _EPOCH).days
    week = (days + _DAYS_FROM_MONDAY) // 7
    match interval:
        case Interval.DAY:
            return days
        case Interval.WEEK:
            return week
        case Interval.MONTH:
            thursday = _EPOCH + timedelta(days=week * 7)
            return thursday.year * 12 + thursday.month - 1


def start_of(number: int, interval: Interval) -> date:
    """The first day of a period."""
    match interval:
        case Interval.DAY:
            return _EPOCH + timedelta(days=number)
        case Interval.WEEK:
            return _EPOCH + timedelta(days=number * 7 - _DAYS_FROM_MONDAY)
        case Interval.MONTH:
            # The first week with a Thursday in the month is the one with its fourth day.
            fourth = date(number // 12, number % 12 + 1, 4)
            return fourth - timedelta(days=fourth.weekday())


@dataclass(frozen=True, slots=True)
class Span:
    """Whole buckets one after another: the first one's number, and the number after the last one's."""

    interval: Interval
    first: int
    end: int

    @classmethod
    def around(cls, since: date, until: date, interval: Interval) -> "Span":
        """The whole buckets that hold the days from `since` to the one before `until`."""
        last = number_of(until - timedelta(days=1), interval)
        return cls(interval, number_of(since, interval), last + 1)

    @property
    def since(self) -> date:
        """The first day."""
        return start_of(self.first, self.interval)

    @property
    def until(self) -> date:
        """The day after the last."""
        return start_of(self.end, self.interval)

    @property
    def days(self) -> tuple[int, int]:
        """The numbers of the first day, and of the one after the last."""
        return number_of(self.since, Interval.DAY), number_of(self.until, Interval.DAY)

    @property
    def numbers(self) -> range:
        """The buckets' numbers."""
        return range(self.first, self.end)

    def widened(self, interval: Interval) -> "Span":
        """The whole wider buckets that hold these."""
        return Span.around(self.since, self.until, interval)
