"""What the read model holds of each finalized exchange, for whoever compares it with the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_analytics import tables

__all__ = ["Books", "Posted"]

_exchanges, _parts, _personal = tables.LIVE.exchanges, tables.LIVE.exchange_parts, tables.LIVE.member_exchanges


@dataclass(frozen=True, slots=True)
class Posted:
    """One finalized exchange: its minutes as each of the tables that measures are read from has them."""

    transaction_id: str
    settlement: str
    finalized_at: datetime
    minutes: int
    given_by_category: int
    received_by_category: int
    given_by_member: int
    received_by_member: int


class Books:
    """Pages of finalized exchanges, by id."""

    async def page(self, connection: AsyncConnection, *, after: str, limit: int) -> tuple[list[Posted], str | None]:
        """Those among the next `limit` exchanges after an id that are finalized, and the last id that was looked at.

        The last id is None when there are no more.
        """
        it = _exchanges.c
        looked = select(it.transaction_id, it.settlement, it.ended_at, it.ending, it.minutes)
        page = looked.where(it.transaction_id > after).order_by(it.transaction_id).limit(limit)
        rows = (await connection.execute(page)).all()
        done = [row for row in rows if row.ending == "finalized"]
        ids = [row.transaction_id for row in done]
        by_category = await _sums(connection, _parts, ids)
        by_member = await _sums(connection, _personal, ids)
        posted = [
            Posted(
                row.transaction_id,
                row.settlement,
                row.ended_at,
                row.minutes,
                *by_category.get(row.transaction_id, (0, 0)),
                *by_member.get(row.transaction_id, (0, 0)),
            )
            for row in done
        ]
        return posted, rows[-1].transaction_id if len(rows) == limit else None


async def _sums(connection: AsyncConnection, table: Table, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    if not ids:
        return {}
    key: ColumnElement[str] = table.c.transaction_id
    sums = select(key, func.sum(table.c.minutes_given), func.sum(table.c.minutes_received))
    rows = await connection.execute(sums.where(key.in_(ids)).group_by(key))
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}
