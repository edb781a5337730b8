"""Reads figures of exchanges by bucket: each statement reads one stretch of an index, as long as the range is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_analytics import tables
from skillsync_analytics.entities.calendar import Span
from skillsync_analytics.entities.concealment import Census

__all__ = ["Amount", "Figures", "Ranks", "census_of", "within"]

_parts, _exchanges, _taking_part = tables.LIVE.exchange_parts, tables.LIVE.exchanges, tables.LIVE.participants


@dataclass(frozen=True, slots=True)
class Amount:
    """So many exchanges, and the minutes given in them."""

    exchanges: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Ranks:
    """Seconds by nearest rank."""

    median: int
    p90: int


def within(table: Table, span: Span) -> ColumnElement[bool]:
    """Rows of the days of a span."""
    first, end = span.days
    return and_(table.c.day >= first, table.c.day < end)


def census_of(user: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """The columns of a Census."""
    return func.count(user.distinct()), func.min(user), func.max(user)


class Figures:
    """Figures of exchanges."""

    async def amounts(self, connection: AsyncConnection, span: Span) -> dict[int, Amount]:
        """What was finalized in each bucket."""
        bucket = _parts.c[span.interval]
        query = select(bucket, func.count(_parts.c.transaction_id.distinct()), func.sum(_parts.c.minutes_given))
        rows = await connection.execute(_of_parts(query, span).group_by(bucket))
        return {number: Amount(count, int(minutes)) for number, count, minutes in rows}

    async def takers(self, connection: AsyncConnection, span: Span) -> dict[int, Census]:
        """Who took part in what was finalized in each bucket."""
        bucket = _parts.c[span.interval]
        rows = await connection.execute(_of_parts(select(bucket, *census_of(_parts.c.user_id)), span).group_by(bucket))
        return {row[0]: Census(*row[1:]) for row in rows}

    async def categories(self, connection: AsyncConnection, span: Span) -> dict[int, dict[str, tuple[Amount, Census]]]:
        """What was finalized in each bucket, by category, and who took part."""
        bucket, it = _parts.c[span.interval], _parts.c
        query = select(
            bucket,
            it.category,
            func.count(it.transaction_id.distinct()),
            func.sum(it.minutes_given),
            *census_of(it.user_id),
        )
        found: dict[int, dict[str, tuple[Amount, Census]]] = {}
        for row in await connection.execute(_of_parts(query, span).group_by(bucket, it.category)):
            found.setdefault(row[0], {})[row[1]] = (Amount(row[2], int(row[3])), Census(*row[4:]))
        return found

    async def outcomes(self, connection: AsyncConnection, span: Span) -> dict[int, dict[str, int]]:
        """What became of the exchanges proposed in each bucket: how many, by what is said of them."""
        bucket, it = _exchanges.c[span.interval], _exchanges.c
        endings = {name: it.ending == name for name in ("finalized", "declined", "cancelled", "expired")}
        counted = {"accepted": it.accept_seconds.is_not(None), **endings, "open": it.ending.is_(None)}
        sums = [func.sum(case((condition, 1), else_=0)) for condition in counted.values()]
        rows = await connection.execute(_of_exchanges(select(bucket, func.count(), *sums), span).group_by(bucket))
        names = ("proposed", *counted)
        return {row[0]: dict(zip(names, map(int, row[1:]), strict=True)) for row in rows}

    async def proposers(self, connection: AsyncConnection, span: Span, column: str | None = None) -> dict[int, Census]:
        """Who takes part in the exchanges proposed in each bucket; only in those that have this column."""
        bucket, user = _exchanges.c[span.interval], _taking_part.c.user_id
        query = select(bucket, *census_of(user)).join_from(
            _exchanges, _taking_part, _taking_part.c.transaction_id == _exchanges.c.transaction_id
        )
        if column is not None:
            query = query.where(_exchanges.c[column].is_not(None))
        rows = await connection.execute(_of_exchanges(query, span).group_by(bucket))
        return {row[0]: Census(*row[1:]) for row in rows}

    async def ranks(self, connection: AsyncConnection, span: Span, column: str) -> dict[int, Ranks]:
        """The median and the 90th percentile of a column of seconds in each bucket, by nearest rank.

        The nearest rank of a share p among n is p n, rounded up: in whole numbers, so that every database agrees.
        """
        bucket, seconds = _exchanges.c[span.interval], _exchanges.c[column]
        ranked = _of_exchanges(
            select(
                bucket.label("bucket"),
                seconds.label("seconds"),
                func.row_number().over(partition_by=bucket, order_by=seconds).label("rank"),
                func.count().over(partition_by=bucket).label("among"),
            ).where(seconds.is_not(None)),
            span,
        ).subquery("ranked")
        is_median = and_(2 * ranked.c.rank >= ranked.c.among, 2 * ranked.c.rank < ranked.c.among + 2)
        is_p90 = and_(10 * ranked.c.rank >= 9 * ranked.c.among, 10 * ranked.c.rank < 9 * ranked.c.among + 10)
        query = select(
            ranked.c.bucket,
            func.max(case((is_median, ranked.c.seconds))),
            func.max(case((is_p90, ranked.c.seconds))),
        ).group_by(ranked.c.bucket)
        return {row[0]: Ranks(*row[1:]) for row in await connection.execute(query)}

    async def givers_and_receivers(self, connection: AsyncConnection, span: Span) -> dict[int, Mapping[str, int]]:
        """How many members both gave and received in each bucket, only gave, only received."""
        bucket, it = _parts.c[span.interval], _parts.c
        each = (
            _of_parts(
                select(
                    bucket.label("bucket"),
                    func.sum(it.minutes_given).label("given"),
                    func.sum(it.minutes_received).label("received"),
                ),
                span,
            )
            .group_by(bucket, it.user_id)
            .subquery("each_member")
        )
        gave, received = each.c.given > 0, each.c.received > 0
        sums = {
            "both": and_(gave, received),
            "gave_only": and_(gave, ~received),
            "received_only": and_(~gave, received),
        }
        query = select(each.c.bucket, *(func.sum(case((condition, 1), else_=0)) for condition in sums.values()))
        rows = await connection.execute(query.group_by(each.c.bucket))
        return {row[0]: dict(zip(sums, map(int, row[1:]), strict=True)) for row in rows}


def _of_parts(query: Select[Any], span: Span) -> Select[Any]:
    # For a range that holds most of the table, the optimiser would read all of it.
    hinted = query.with_hint(_parts, "FORCE INDEX (exchange_parts_finalized)", dialect_name="mysql")
    return hinted.where(within(_parts, span))


def _of_exchanges(query: Select[Any], span: Span) -> Select[Any]:
    hinted = query.with_hint(_exchanges, "FORCE INDEX (exchanges_proposed)", dialect_name="mysql")
    return hinted.where(within(_exchanges, span))
