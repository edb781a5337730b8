"""Somebody who asks for every interval and subtracts: no sum of what is concealed is about one or two members."""

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from skillsync_analytics.entities.calendar import Interval, number_of, start_of
from skillsync_kit.events import Event

from .community import make_community

if TYPE_CHECKING:
    from tests.conftest import World

FROM, TO = "2029-10-08", "2029-12-31"


def takers(events: list[Event]) -> dict[date, set[str]]:
    """Who took part in what was finalized each day, with a pencil."""
    found: dict[date, set[str]] = {}
    for event in events:
        if event.type == "transaction.finalized.v1":
            people = {leg[side] for leg in event.data["legs"].values() for side in ("giver", "receiver")}
            found.setdefault(event.time.date(), set()).update(people)
    return found


async def test_what_is_left_of_a_bucket_is_about_three_members(empty_world: "World") -> None:
    made = make_community(Random(11), 12, 60)  # noqa: S311 - reproducible
    await empty_world.deliver(made.events)
    people = takers(made.events)
    asked = {"from": FROM, "to": TO}
    shown = {
        by: {
            date.fromisoformat(row["start"])
            for row in await empty_world.rows("exchanges", interval=by, **asked)
            if row["minutes"] is not None
        }
        for by in ("day", "week", "month")
    }
    subtracted = 0
    for wide, narrow in (("month", "week"), ("week", "day")):
        for start in shown[wide]:
            end = start_of(number_of(start, Interval(wide)) + 1, Interval(wide))
            days = {start + timedelta(days=n) for n in range((end - start).days)}
            covered = {
                day for day in days if start_of(number_of(day, Interval(narrow)), Interval(narrow)) in shown[narrow]
            }
            rest = set().union(*(people.get(day, set()) for day in days - covered))
            assert len(rest) not in (1, 2), (wide, start, rest)
            subtracted += bool(rest)
    # It is about something: much is shown, and here and there something is not.
    assert subtracted > 3
    assert len(shown["day"]) > 20


@pytest.mark.parametrize("by", ["day", "week", "month"])
async def test_the_same_bucket_is_shown_or_not_whatever_range_is_asked_for(empty_world: "World", by: str) -> None:
    made = make_community(Random(12), 12, 60)  # noqa: S311 - reproducible
    await empty_world.deliver(made.events)
    whole = {row["start"]: row for row in await empty_world.rows("exchanges", interval=by, **{"from": FROM, "to": TO})}
    for since, until in (("2029-10-17", "2029-11-21"), ("2029-11-01", "2029-11-02"), ("2029-12-05", "2029-12-30")):
        part = await empty_world.rows("exchanges", interval=by, **{"from": since, "to": until})
        assert [whole[row["start"]] for row in part if row["start"] in whole] == [
            r for r in part if r["start"] in whole
        ]
        assert part
