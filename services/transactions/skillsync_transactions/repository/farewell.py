"""SQL of erasures: where a person is named, and how their names are taken out."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Table, Text, and_, cast, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import UnitOfWork
from skillsync_transactions import tables
from skillsync_transactions.entities import FORMER_MEMBER, Transaction
from skillsync_transactions.repository.rows import text_columns

__all__ = ["FarewellRepository"]

_row, _text, _participant = tables.transactions.c, tables.texts.c, tables.participants.c


class FarewellRepository:
    """Finds what names a person, page by page, and empties it."""

    def __init__(self, replies: Table = tables.idempotency_records) -> None:
        self._replies = replies

    async def of_person(self, connection: AsyncConnection, user: str, *, after: str, limit: int) -> Sequence[str]:
        """The ids of at most `limit` transactions that the person may see, in order, those after the id `after`."""
        query = (
            select(_participant.transaction_id)
            # Else the optimiser may take an index of a list's, and sort.
            .with_hint(tables.participants, "FORCE INDEX (PRIMARY)", dialect_name="mysql")
            .where(_participant.user_id == user, _participant.transaction_id > after)
            .order_by(_participant.transaction_id)
            .limit(limit)
        )
        return (await connection.execute(query)).scalars().all()

    async def naming(
        self, connection: AsyncConnection, user: str, *, after: str, limit: int
    ) -> Sequence[tuple[str, str]]:
        """The ids and authors of at most `limit` transactions whose texts hold the person's id, in order.

        They are looked for in all texts, in order of their key: who is named in another's draft has no row of their
        own, by intent. An erasure is rare, and this runs in the worker.
        """
        query = (
            select(_text.transaction_id, _row.author)
            .join(tables.transactions, _row.id == _text.transaction_id)
            .where(_text.transaction_id > after, cast(_text.names, Text).contains(user, autoescape=True))
            .order_by(_text.transaction_id)
            .limit(limit)
        )
        return [(row.transaction_id, row.author) for row in await connection.execute(query)]

    async def save_texts(self, unit: UnitOfWork, transaction: Transaction) -> None:
        """Write the texts as they are left."""
        this = update(tables.texts).where(_text.transaction_id == transaction.id)
        await unit.connection.execute(this.values(text_columns(transaction)))

    async def redact_replies(
        self, unit: UnitOfWork, principals: Collection[str], user: str, transaction: Transaction
    ) -> None:
        """Take what was erased out of the answers that others got and that are kept with their keys."""
        table, row = self._replies, self._replies.c
        query = select(row.principal, row.method, row.key, row.body).where(
            row.principal.in_(principals),
            row.body.contains(user, autoescape=True),
            row.body.contains(transaction.id, autoescape=True),
        )
        for found in (await unit.connection.execute(query)).all():
            body = _redacted(json.loads(found.body), user, transaction)
            this = and_(row.principal == found.principal, row.method == found.method, row.key == found.key)
            await unit.connection.execute(update(table).where(this).values(body=json.dumps(body)))


def _redacted(body: Any, user: str, transaction: Transaction) -> Any:
    """An answer, with the erased person's names and the transaction's texts as they are left."""
    if not isinstance(body, dict) or "participants" not in body:
        return body
    first, last, display = FORMER_MEMBER.first_name, FORMER_MEMBER.last_name, FORMER_MEMBER.display_name
    people = [
        {**person, "first_name": first, "last_name": last, "display_name": display} if person["id"] == user else person
        for person in body["participants"]
    ]
    if body["id"] != transaction.id:
        return {**body, "participants": people}
    reason = body["reason"] if transaction.reasons else None
    return {
        **body,
        "participants": people,
        "title": transaction.title,
        "note": transaction.note,
        "reason": reason,
    }
