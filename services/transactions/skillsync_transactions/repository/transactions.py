"""SQL of transactions. The statements are made once, here at the top; each lists only what its viewer may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_transactions import tables
from skillsync_transactions.entities import Change, State, Transaction
from skillsync_transactions.entities.records import HistoryEntry
from skillsync_transactions.repository.rows import (
    entity,
    history_columns,
    lasting_columns,
    present_columns,
    text_columns,
)
from skillsync_transactions.repository.visible import VISIBLE, following, longest_unchanged_first, newest_first

__all__ = ["Seen", "TransactionRepository"]

_row, _text, _participant = tables.transactions.c, tables.texts.c, tables.participants.c
_person, _entry = tables.people.c, tables.history.c
_taking_part = tables.participants.alias("taking_part")

_UNAVAILABLE = (
    select(func.group_concat(_person.user_id))
    .select_from(_taking_part)
    .join(tables.people, _person.user_id == _taking_part.c.user_id)
    .where(_taking_part.c.transaction_id == _participant.transaction_id, _person.status != "active")
    .scalar_subquery()
    .label("unavailable")
)
_FIND = VISIBLE.add_columns(_UNAVAILABLE).where(_participant.transaction_id == bindparam("id"))
_OPEN_PROPOSALS = select(func.count()).where(_row.author == bindparam("author"), _row.state == State.PROPOSED.value)
_DUE = (
    select(_row.due_at, _row.id, _row.author)
    .where(_row.due_at <= bindparam("now"))
    .order_by(_row.due_at, _row.id)
    .limit(bindparam("limit"))
)
_AFTER = bindparam("after", type_=_row.due_at.type)
_DUE_AFTER = _DUE.where(following(_row.due_at, _row.id, _AFTER, bindparam("id")))
_HISTORY = (
    select(tables.history)
    .where(_entry.transaction_id == bindparam("id"), _entry.number > bindparam("after"))
    .order_by(_entry.number)
    .limit(bindparam("limit"))
)
_ADD, _ADD_TEXTS = insert(tables.transactions), insert(tables.texts)
_ADD_PARTICIPANTS, _ADD_HISTORY = insert(tables.participants), insert(tables.history)
_SAVE = update(tables.transactions).where(_row.id == bindparam("saved"), _row.version == bindparam("before"))
# By whole keys: at REPEATABLE READ a condition on the transaction alone locks the gaps beside its rows too, and who
# proposes the ones next to it would wait, each for the other.
_COPY = (
    update(tables.participants)
    .where(
        _participant.user_id.in_(bindparam("viewers", expanding=True)), _participant.transaction_id == bindparam("of")
    )
    .with_hint("FORCE INDEX (PRIMARY)", dialect_name="mysql")
)
_SAVE_TEXTS = update(tables.texts).where(_text.transaction_id == bindparam("saved"))


@dataclass(frozen=True, slots=True)
class Seen:
    """A transaction as somebody sees it, and those of its participants who are known to be suspended or erased."""

    transaction: Transaction
    unavailable: frozenset[str]


class TransactionRepository:
    """Keeps transactions."""

    async def add(self, unit: UnitOfWork, transaction: Transaction, changes: Sequence[Change]) -> None:
        """Keep a new transaction with its history; a draft is visible to its author alone.

        Raises ChangedMeanwhile when it reverses one that another commit has reversed first.
        """
        run = unit.connection.execute
        try:
            await run(_ADD, lasting_columns(transaction) | present_columns(transaction))
        except IntegrityError as taken:
            if transaction.reverses_id is None:
                raise
            raise ChangedMeanwhile from taken
        await run(_ADD_TEXTS, {"transaction_id": transaction.id, **text_columns(transaction)})
        viewers = [transaction.author] if transaction.state is State.DRAFT else transaction.participants
        await run(_ADD_PARTICIPANTS, _participant_rows(transaction, viewers))
        await run(_ADD_HISTORY, [history_columns(transaction, change) for change in changes])

    async def find(self, connection: AsyncConnection, id: str, viewer: str) -> Seen | None:
        """The transaction, whole, in one read; None when there is none or `viewer` may not see it."""
        row = (await connection.execute(_FIND, {"id": id, "viewer": viewer})).one_or_none()
        return Seen(entity(row), frozenset((row.unavailable or "").split(",")) - {""}) if row else None

    async def page(
        self,
        connection: AsyncConnection,
        viewer: str,
        *,
        state: str | None,
        role: str | None,
        before_id: str | None,
        limit: int,
    ) -> Sequence[Transaction]:
        """At most `limit` transactions that `viewer` may see, newest id first, those before `before_id`."""
        parameters = {"viewer": viewer, "limit": limit, "state": state, "before": before_id}
        if role is not None:
            parameters["is_author"] = role == "author"
        return await self._page(connection, newest_first, parameters)

    async def page_of_updated(
        self,
        connection: AsyncConnection,
        viewer: str,
        *,
        state: str | None,
        role: str | None,
        after: tuple[datetime, str],
        limit: int,
    ) -> Sequence[Transaction]:
        """At most `limit` transactions that `viewer` may see, the longest unchanged first.

        Those after the key `after`: the moment of the last change, and the id among those of one moment.
        """
        parameters = {"viewer": viewer, "limit": limit, "state": state, "moment": after[0], "after": after[1]}
        if role is not None:
            parameters["is_author"] = role == "author"
        return await self._page(connection, longest_unchanged_first, parameters)

    async def history(
        self, connection: AsyncConnection, transaction: Transaction, *, after: int, limit: int
    ) -> Sequence[HistoryEntry]:
        """At most `limit` entries of a transaction's history, in order, those after the number `after`."""
        rows = await connection.execute(_HISTORY, {"id": transaction.id, "after": after, "limit": limit})
        return [
            HistoryEntry(
                number=row.number,
                actor=row.actor,
                action=row.action,
                from_state=State(row.from_state) if row.from_state else None,
                to_state=State(row.to_state),
                changed=tuple(row.changed),
                reason=transaction.reasons.get(row.number),
                at=row.at,
            )
            for row in rows
        ]

    async def open_proposals(self, connection: AsyncConnection, author: str) -> int:
        """How many proposals of `author` are open."""
        count: int = (await connection.execute(_OPEN_PROPOSALS, {"author": author})).scalar_one()
        return count

    async def due(
        self, connection: AsyncConnection, now: datetime, *, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[tuple[datetime, str, str]]:
        """When, which and whose: at most `limit` transactions that are due by time, after the key `after`."""
        parameters: dict[str, Any] = {"now": now, "limit": limit}
        if after is None:
            rows = await connection.execute(_DUE, parameters)
        else:
            rows = await connection.execute(_DUE_AFTER, {**parameters, "after": after[0], "id": after[1]})
        return [(row.due_at, row.id, row.author) for row in rows]

    async def save(self, unit: UnitOfWork, transaction: Transaction, change: Change) -> None:
        """Write a changed transaction over the version before it, with its history entry.

        Raises ChangedMeanwhile when another commit was first.
        """
        run = unit.connection.execute
        key = {"saved": transaction.id, "before": transaction.version - 1}
        if (await run(_SAVE, present_columns(transaction) | key)).rowcount != 1:
            raise ChangedMeanwhile
        if change.action == "edit" or change.number in transaction.reasons:
            await run(_SAVE_TEXTS, {"saved": transaction.id, **text_columns(transaction)})
        viewers = [transaction.author] if change.from_state is State.DRAFT else transaction.participants
        copied = {"state": transaction.state.value, "updated_at": transaction.updated_at}
        await run(_COPY, {"viewers": list(viewers), "of": transaction.id, **copied})
        if change.action == "propose":
            others = [user for user in transaction.participants if user != transaction.author]
            await run(_ADD_PARTICIPANTS, _participant_rows(transaction, others))
        await run(_ADD_HISTORY, history_columns(transaction, change))

    async def remove(self, unit: UnitOfWork, transaction: Transaction) -> None:
        """Take a draft away. Raises ChangedMeanwhile when another commit was first."""
        gone = delete(tables.transactions).where(_row.id == transaction.id, _row.version == transaction.version)
        if (await unit.connection.execute(gone)).rowcount != 1:
            raise ChangedMeanwhile

    async def _page(
        self, connection: AsyncConnection, query: Any, parameters: Mapping[str, Any]
    ) -> Sequence[Transaction]:
        given = {name: value for name, value in parameters.items() if value is not None}
        return [entity(row) for row in await connection.execute(query(frozenset(given)), given)]


def _participant_rows(transaction: Transaction, users: Iterable[str]) -> list[dict[str, Any]]:
    return [
        {
            "user_id": user,
            "transaction_id": transaction.id,
            "is_author": user == transaction.author,
            "state": transaction.state.value,
            "updated_at": transaction.updated_at,
        }
        for user in users
    ]
