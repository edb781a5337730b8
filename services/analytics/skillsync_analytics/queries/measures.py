"""The coordinators' measures: figures put into rows, and what must not be shown left out of them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_analytics.entities.calendar import Interval, Span, number_of, start_of
from skillsync_analytics.entities.concealment import Census, concealed, concealed_inside, is_small, unless_small
from skillsync_analytics.entities.measures import Measure
from skillsync_analytics.queries.answers import Answer, Asked, Cell, Row, span_of
from skillsync_analytics.repository import Categories, Figures, PeopleFigures
from skillsync_analytics.repository.figures import Amount
from skillsync_kit.database import Database

__all__ = ["Measures"]

SMALL_CATEGORIES = "small-categories"
_MOST_SKILLS = 20
_WIDER = {Interval.DAY: Interval.WEEK, Interval.WEEK: Interval.MONTH}

Count = Callable[[AsyncConnection, Span], Awaitable[dict[int, Census]]]


class Measures:
    """Answers coordinators."""

    def __init__(self, database: Database, figures: Figures, people: PeopleFigures, categories: Categories) -> None:
        self._database = database
        self._figures = figures
        self._people = people
        self._categories = categories
        self._by_time: Mapping[str, Callable[[AsyncConnection, Span], Awaitable[list[Row]]]] = {
            "exchanges": self._exchanges,
            "categories": self._by_category,
            "members": self._members,
            "times": self._times,
            "funnel": self._funnel,
            "cohorts": self._cohorts,
            "reciprocity": self._reciprocity,
        }
        self._of_now: Mapping[str, Callable[[AsyncConnection], Awaitable[list[Row]]]] = {
            "skills": self._skills,
            "gap": self._gap,
        }

    async def answer(self, measure: Measure, asked: Asked, today: date) -> Answer:
        """A measure's rows. Raises InvalidRange."""
        span = span_of(measure, asked, today)
        async with self._database.read() as connection:
            # First: a row may be newer than what is said of it, and never older.
            as_of = await self._people.newest(connection)
            if span is None:
                rows = await self._of_now[measure.name](connection)
            else:
                rows = await self._by_time[measure.name](connection, span)
        return Answer(measure, as_of, span, rows)

    async def _exchanges(self, connection: AsyncConnection, span: Span) -> list[Row]:
        hidden = await _hidden(connection, span, self._figures.takers)
        found = await self._figures.amounts(connection, span)
        nothing = Amount(0, 0)
        return [
            {"start": _start(number, span), **_amount(None if number in hidden else found.get(number, nothing))}
            for number in span.numbers
        ]

    async def _by_category(self, connection: AsyncConnection, span: Span) -> list[Row]:
        hidden = await _hidden(connection, span, self._figures.takers)
        found = await self._figures.categories(connection, span)
        rows: list[Row] = []
        for number in span.numbers:
            start = _start(number, span)
            if number in hidden:
                rows.append({"start": start, "category": None, **_amount(None)})
                continue
            shown = _without_small(found.get(number, {}))
            rows += [{"start": start, "category": name, **_amount(amount)} for name, amount in shown.items()]
        return rows

    async def _members(self, connection: AsyncConnection, span: Span) -> list[Row]:
        active = await self._people.active(connection, span)
        joined = await self._people.joined(connection, span)
        hidden = await _hidden(connection, span, self._people.joined)
        present, newer = await self._people.present(connection, span)
        returning = await self._people.returning(connection, span)
        rows: list[Row] = []
        for number in span.numbers:
            new = joined[number].members if number in joined else 0
            rows.append(
                {
                    "start": _start(number, span),
                    "active": unless_small(active.get(number, 0)),
                    "new": None if number in hidden else new,
                    "dormant": unless_small(present - returning.get(number, 0)),
                }
            )
            present += newer.get(number, 0)
        return rows

    async def _times(self, connection: AsyncConnection, span: Span) -> list[Row]:
        rows: list[Row] = [{"start": _start(number, span)} for number in span.numbers]
        for name in ("accept", "finalize"):
            people = await self._figures.proposers(connection, span, f"{name}_seconds")
            ranks = await self._figures.ranks(connection, span, f"{name}_seconds")
            for row, number in zip(rows, span.numbers, strict=True):
                is_shown = number in people and not is_small(people[number].members)
                found = ranks.get(number) if is_shown else None
                row[f"{name}_median_seconds"] = found.median if found else None
                row[f"{name}_p90_seconds"] = found.p90 if found else None
        return rows

    async def _funnel(self, connection: AsyncConnection, span: Span) -> list[Row]:
        hidden = await _hidden(connection, span, self._figures.proposers)
        found = await self._figures.outcomes(connection, span)
        names = ("proposed", "accepted", "finalized", "declined", "cancelled", "expired", "open")
        rows: list[Row] = []
        for number in span.numbers:
            counts: Mapping[str, Cell] = (
                {} if number in hidden else {**dict.fromkeys(names, 0), **found.get(number, {})}
            )
            rows.append({"start": _start(number, span), **{name: counts.get(name) for name in names}})
        return rows

    async def _cohorts(self, connection: AsyncConnection, span: Span) -> list[Row]:
        joined = await self._people.joined(connection, span)
        hidden = await _hidden(connection, span, self._people.joined)
        retained = await self._people.retained(connection, span)
        rows: list[Row] = []
        for number in (number for number in span.numbers if number in joined):
            size = None if number in hidden else joined[number].members
            for later in range(number, span.end):
                active = retained.get((number, later), 0)
                shown = None if size is None or is_small(size - active) else unless_small(active)
                rows.append({"cohort": _start(number, span), "size": size, "after": later - number, "active": shown})
        return rows

    async def _reciprocity(self, connection: AsyncConnection, span: Span) -> list[Row]:
        found = await self._figures.givers_and_receivers(connection, span)
        names = ("both", "gave_only", "received_only")
        return [
            {
                "start": _start(number, span),
                **{name: unless_small(found.get(number, {}).get(name, 0)) for name in names},
            }
            for number in span.numbers
        ]

    async def _skills(self, connection: AsyncConnection) -> list[Row]:
        found = await self._people.wanted_and_offered(connection)
        rows: list[Row] = []
        for kind, of_kind in (("offer", "offers"), ("want", "wants")):
            numbers: dict[str, int] = {skill.skill: getattr(skill, of_kind) for skill in found}
            counts = {skill: members for skill, members in numbers.items() if members and not is_small(members)}
            most = sorted(counts, key=lambda skill: (-counts[skill], skill))[:_MOST_SKILLS]
            rows += [
                {
                    "kind": kind,
                    "rank": rank,
                    "skill": skill,
                    "category": self._categories.of(skill),
                    "members": counts[skill],
                }
                for rank, skill in enumerate(most, start=1)
            ]
        return rows

    async def _gap(self, connection: AsyncConnection) -> list[Row]:
        found = [skill for skill in await self._people.wanted_and_offered(connection) if not is_small(skill.members)]
        return [
            {
                "skill": it.skill,
                "category": self._categories.of(it.skill),
                "offers": it.offers,
                "wants": it.wants,
                "gap": it.wants - it.offers,
            }
            for it in sorted(found, key=lambda skill: (skill.offers - skill.wants, skill.skill))
        ]


async def _hidden(connection: AsyncConnection, span: Span, count: Count) -> set[int]:
    """Which of the buckets are not shown, seen from the widest that hold them to the narrowest."""
    intervals = [span.interval]
    while intervals[0] in _WIDER:
        intervals.insert(0, _WIDER[intervals[0]])
    whole = span.widened(Interval.MONTH)
    hidden: set[int] = set()
    for wider, interval in zip([None, *intervals], intervals, strict=False):
        censuses = await count(connection, whole.widened(interval))
        if wider is None:
            # Nothing holds months: each is shown or not by itself.
            hidden = {number for number, census in censuses.items() if is_small(census.members)}
        else:
            hidden = concealed_inside(hidden, censuses, _holder(interval, wider))
    return hidden


def _holder(interval: Interval, wider: Interval) -> Callable[[int], int]:
    return lambda number: number_of(start_of(number, interval), wider)


def _without_small(found: Mapping[str, tuple[Amount, Census]]) -> dict[str, Amount]:
    """Amounts by category, the small ones together as one."""
    small = concealed({name: census for name, (_, census) in found.items()})
    shown = {name: amount for name, (amount, _) in sorted(found.items()) if name not in small}
    if small:
        together = [found[name][0] for name in small]
        shown[SMALL_CATEGORIES] = Amount(sum(a.exchanges for a in together), sum(a.minutes for a in together))
    return shown


def _start(number: int, span: Span) -> str:
    return start_of(number, span.interval).isoformat()


def _amount(amount: Amount | None) -> Row:
    if amount is None:
        return {"exchanges": None, "minutes": None, "hours": None}
    return {"exchanges": amount.exchanges, "minutes": amount.minutes, "hours": round(amount.minutes / 60, 2)}
