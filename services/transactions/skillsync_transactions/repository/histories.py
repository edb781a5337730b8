"""SQL of everything that was done to the transactions of one person, in pages."""

from collections.abc import Sequence

from sqlalchemy import bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_transactions import tables
from skillsync_transactions.entities import State
from skillsync_transactions.entities.records import HistoryEntry

__all__ = ["HistoryRepository"]

_text, _participant, _entry = tables.texts.c, tables.participants.c, tables.history.c
_AT_ONCE = 20
# Greater than the number of any entry.
_LAST = 2**31 - 1

_IDS = (
    select(_participant.transaction_id)
    .with_hint(tables.participants, "FORCE INDEX (PRIMARY)", dialect_name="mysql")
    .where(_participant.user_id == bindparam("viewer"), _participant.transaction_id >= bindparam("first"))
    .order_by(_participant.transaction_id)
    .limit(bindparam("limit"))
)
_ENTRIES = (
    select(tables.history, _text.reasons)
    # In the order they are written: from the entries, by their key, to the one row of texts.
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .select_from(tables.history)
    .with_hint(tables.history, "FORCE INDEX (PRIMARY)", dialect_name="mysql")
    .join(tables.texts, _text.transaction_id == _entry.transaction_id)
    .where(
        _entry.transaction_id.in_(bindparam("ids", expanding=True)),
        or_(_entry.transaction_id > bindparam("first"), _entry.number > bindparam("after")),
    )
    .order_by(_entry.transaction_id, _entry.number)
    .limit(bindparam("limit"))
)


class HistoryRepository:
    """Reads the histories of what somebody may see, transaction by transaction."""

    async def page(
        self, connection: AsyncConnection, viewer: str, *, after: tuple[str, int], limit: int
    ) -> tuple[Sequence[tuple[str, HistoryEntry]], tuple[str, int] | None]:
        """At most `limit` entries, each with its transaction's id, those after the key (id, number).

        And the key of the next page, None on the last one: a page may be empty before that.
        """
        first, number = after
        ids = await connection.execute(_IDS, {"viewer": viewer, "first": first, "limit": _AT_ONCE})
        seen = list(ids.scalars())
        if not seen:
            return [], None
        given = {"ids": seen, "first": first, "after": number, "limit": limit + 1}
        rows = (await connection.execute(_ENTRIES, given)).all()
        found = [
            (
                row.transaction_id,
                HistoryEntry(
                    number=row.number,
                    actor=row.actor,
                    action=row.action,
                    from_state=State(row.from_state) if row.from_state else None,
                    to_state=State(row.to_state),
                    changed=tuple(row.changed),
                    reason=row.reasons.get(str(row.number)),
                    at=row.at,
                ),
            )
            for row in rows[:limit]
        ]
        if len(rows) > limit:
            return found, (found[-1][0], found[-1][1].number)
        return found, (seen[-1], _LAST) if len(seen) == _AT_ONCE else None
