"""What one may see: the join behind every read of transactions, and the pages of it.

Who has no row in `transaction_participants` finds nothing: a stranger, a former candidate and a missing id are alike.
"""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from skillsync_transactions import tables

__all__ = ["VISIBLE", "following", "longest_unchanged_first", "newest_first"]

_row, _text, _participant = tables.transactions.c, tables.texts.c, tables.participants.c
_reversal = tables.transactions.alias("reversal")

VISIBLE = (
    select(
        tables.transactions, _text.title, _text.note, _text.names, _text.reasons, _reversal.c.id.label("reversed_by")
    )
    # In the order they are written: for one who has most of a table, the optimiser would begin with the table.
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .select_from(tables.participants)
    .join(tables.transactions, _row.id == _participant.transaction_id)
    .join(tables.texts, _text.transaction_id == _participant.transaction_id)
    .outerjoin(_reversal, _reversal.c.reverses_id == _participant.transaction_id)
    .where(_participant.user_id == bindparam("viewer"))
)


@cache
def newest_first(given: frozenset[str]) -> Select[Any]:
    """A page by id, for these parameters: `viewer`, `limit`, and any of `state`, `is_author`, `before`."""
    query = _filtered(given, "").order_by(_participant.transaction_id.desc())
    return query.where(_participant.transaction_id < bindparam("before")) if "before" in given else query


@cache
def longest_unchanged_first(given: frozenset[str]) -> Select[Any]:
    """A page by last change, after `moment` and `after`; with `viewer`, `limit`, and any of `state`, `is_author`."""
    key = _participant.updated_at, _participant.transaction_id
    moment = bindparam("moment", type_=_participant.updated_at.type)
    return _filtered(given, "_updated").where(following(*key, moment, bindparam("after"))).order_by(*key)


def following(
    moment: ColumnElement[Any], id: ColumnElement[str], after_moment: Any, after_id: Any
) -> ColumnElement[bool]:
    """Whether a row's key (moment, id) comes after another.

    Each side of the OR is a stretch of an index on both. `moment >= x AND (moment > x OR id > y)` says the same and
    reads all of that moment first: a thousand may be due at midnight.
    """
    return or_(moment > after_moment, and_(moment == after_moment, id > after_id))


def _filtered(given: frozenset[str], order: str) -> Select[Any]:
    """The rows under these filters, out of the one index that has them side by side in this order.

    It is named, for by the statistics another may look cheaper, one that reads on past all that do not match.
    """
    query, index = VISIBLE.limit(bindparam("limit")), ""
    if "state" in given:
        query, index = query.where(_participant.state == bindparam("state")), "_state"
    if "is_author" in given:
        query, index = query.where(_participant.is_author == bindparam("is_author")), f"{index}_role"
    name = f"participants{index}{order}" if index or order else "PRIMARY"
    return query.with_hint(tables.participants, f"FORCE INDEX ({name})", dialect_name="mysql")
