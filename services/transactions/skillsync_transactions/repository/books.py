"""The ledger by transactions, for whoever compares it with what was counted elsewhere."""

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_transactions import tables
from skillsync_transactions.entities import State
from skillsync_transactions.entities.records import Posted

__all__ = ["BookRepository"]

_row, _entry = tables.transactions.c, tables.entries.c
_PAGE = (
    select(_row.id, _row.state, _row.settlement, _row.legs, _row.updated_at)
    .with_hint(tables.transactions, "FORCE INDEX (PRIMARY)", dialect_name="mysql")
    .where(_row.id > bindparam("after"))
    .order_by(_row.id)
    .limit(bindparam("limit"))
)
_SUMS = (
    select(
        _entry.transaction_id,
        func.sum(case((_entry.minutes > 0, _entry.minutes), else_=0)),
        func.sum(case((_entry.minutes < 0, -_entry.minutes), else_=0)),
    )
    .with_hint(tables.entries, "FORCE INDEX (ledger_entries_once)", dialect_name="mysql")
    .where(_entry.transaction_id.in_(bindparam("ids", expanding=True)))
    .group_by(_entry.transaction_id)
)


class BookRepository:
    """Reads the ledger, a page of transactions at a time."""

    async def page(self, connection: AsyncConnection, *, after: str, limit: int) -> tuple[list[Posted], str | None]:
        """Those among the next `limit` transactions after an id that are finalized, and the last one's id.

        The last id is None when there are no more.
        """
        rows = (await connection.execute(_PAGE, {"after": after, "limit": limit})).all()
        done = [row for row in rows if row.state == State.FINALIZED.value]
        sums: dict[str, tuple[int, int]] = {}
        if done:
            found = await connection.execute(_SUMS, {"ids": [row.id for row in done]})
            sums = {row[0]: (int(row[1]), int(row[2])) for row in found}
        posted = [
            Posted(
                row.id,
                row.settlement,
                # Nothing of a finalized transaction changes any more.
                row.updated_at,
                sum(leg["minutes"] for leg in row.legs.values()),
                *sums.get(row.id, (0, 0)),
            )
            for row in done
        ]
        return posted, rows[-1].id if len(rows) == limit else None
