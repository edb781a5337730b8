"""SQL of the hours ledger: accounts, locked in one order, and entries, written once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import UnitOfWork
from skillsync_transactions import tables
from skillsync_transactions.entities import Account
from skillsync_transactions.entities.records import LedgerEntry

__all__ = ["AccountRepository"]

_account, _entry = tables.accounts.c, tables.entries.c

_READ = select(tables.accounts).where(_account.owner == bindparam("owner"))
# Everyone locks in the order of owner, so that nobody waits in a circle.
_LOCK = (
    select(tables.accounts)
    .where(_account.owner.in_(bindparam("owners", expanding=True)))
    .order_by(_account.owner)
    .with_for_update()
)
_OPEN = insert(tables.accounts).prefix_with("IGNORE", dialect="mysql").prefix_with("OR IGNORE", dialect="sqlite")
_SAVE = update(tables.accounts).where(_account.owner == bindparam("saved"))
_POST = insert(tables.entries)
_PAGE = (
    select(tables.entries)
    # For one who has many of the entries, the optimiser would read all pages before this one again.
    .with_hint(tables.entries, "FORCE INDEX (ledger_entries_account)", dialect_name="mysql")
    .where(_entry.account == bindparam("owner"))
    .order_by(_entry.id.desc())
    .limit(bindparam("limit"))
)
_NEXT_PAGE = _PAGE.where(_entry.id < bindparam("before"))


class AccountRepository:
    """Keeps members' hours."""

    async def lock(self, unit: UnitOfWork, owners: Collection[str]) -> dict[str, Account]:
        """The accounts of these members, for this unit alone until it ends; opened where there was none."""
        wanted = sorted(owners)
        found = await self._locked(unit, wanted)
        if missing := [owner for owner in wanted if owner not in found]:
            # Another unit may open one at this moment: ignored here, for the lock that follows waits for it.
            await unit.connection.execute(_OPEN, [asdict(Account(owner)) for owner in missing])
            found = await self._locked(unit, wanted)
        return found

    async def save(self, unit: UnitOfWork, accounts: Iterable[Account]) -> None:
        """Write accounts that this unit holds locked."""
        rows = [
            {"saved": a.owner, "balance": a.balance, "held": a.held, "event_sequence": a.event_sequence}
            for a in accounts
        ]
        if rows:
            await unit.connection.execute(_SAVE, rows)

    async def post(self, unit: UnitOfWork, entries: Sequence[LedgerEntry]) -> None:
        """Write entries."""
        if entries:
            await unit.connection.execute(_POST, [asdict(entry) for entry in entries])

    async def find(self, connection: AsyncConnection, owner: str) -> Account:
        """A member's account; an empty one when nothing was ever counted."""
        row = (await connection.execute(_READ, {"owner": owner})).one_or_none()
        return _entity(row) if row else Account(owner)

    async def page(
        self, connection: AsyncConnection, owner: str, *, before_id: str | None, limit: int
    ) -> Sequence[LedgerEntry]:
        """At most `limit` entries of a member's account, the newest first, those before `before_id`."""
        query, parameters = (_NEXT_PAGE, {"before": before_id}) if before_id else (_PAGE, {})
        rows = await connection.execute(query, {"owner": owner, "limit": limit, **parameters})
        return [LedgerEntry(**row._mapping) for row in rows]

    async def _locked(self, unit: UnitOfWork, owners: Sequence[str]) -> dict[str, Account]:
        rows = await unit.connection.execute(_LOCK, {"owners": owners})
        return {row.owner: _entity(row) for row in rows}


def _entity(row: Row[Any]) -> Account:
    return Account(**row._mapping)
