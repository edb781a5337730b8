"""Days lie in weeks and weeks in months, without a rest."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from skillsync_analytics.entities.calendar import Interval, Span, number_of, periods, start_of

DAYS = [date(2019, 12, 1) + timedelta(days=number) for number in range(4000)]


@pytest.mark.parametrize("interval", Interval)
def test_a_period_begins_with_the_day_that_it_is_said_to_begin_with(interval: Interval) -> None:
    for day in DAYS:
        number = number_of(day, interval)
        assert start_of(number, interval) <= day < start_of(number + 1, interval)


def test_a_week_begins_on_monday_and_lies_in_one_month() -> None:
    for day in DAYS:
        monday = start_of(number_of(day, Interval.WEEK), Interval.WEEK)
        assert monday.weekday() == 0
        assert len({number_of(monday + timedelta(days=n), Interval.MONTH) for n in range(7)}) == 1


def test_a_month_has_the_weeks_whose_thursday_lies_in_it() -> None:
    thursdays = [day for day in DAYS if day.weekday() == 3]
    for thursday in thursdays:
        assert number_of(thursday, Interval.MONTH) == thursday.year * 12 + thursday.month - 1


def test_a_moment_is_taken_in_utc() -> None:
    late = datetime(2030, 1, 6, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    assert periods(late) == periods(datetime(2030, 1, 7, 1, 30, tzinfo=UTC))


def test_a_span_is_of_whole_buckets() -> None:
    span = Span.around(date(2030, 1, 2), date(2030, 1, 15), Interval.WEEK)
    assert (span.since, span.until, len(span.numbers)) == (date(2029, 12, 31), date(2030, 1, 21), 3)
    month = span.widened(Interval.MONTH)
    assert (month.since, month.until) == (date(2029, 12, 31), date(2030, 2, 4))
