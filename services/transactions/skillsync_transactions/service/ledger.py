"""The hours ledger: holds at acceptance, entries at finalization, and what a member sees of it."""

from collections.abc import Callable
from datetime import datetime

from skillsync_kit.auth import Principal
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.pagination import Page
from skillsync_transactions.entities import Account, Movement, apply
from skillsync_transactions.entities.records import LedgerEntry, Posted, Statement
from skillsync_transactions.events import AccountSoftLimitCrossed
from skillsync_transactions.repository import AccountRepository, BookRepository

__all__ = ["Ledger"]

# What a statement reads at the most: a week's entries are on the first page but for few.
_PAGE, _MOST_PAGES = 100, 10


class Ledger:
    """Members' hours."""

    def __init__(self, *, database: Database, repository: AccountRepository, new_id: Callable[[], str]) -> None:
        self._database = database
        self._repository = repository
        self._books = BookRepository()
        self._new_id = new_id

    async def balance(self, by: Principal) -> Account:
        """The caller's account."""
        async with self._database.read() as connection:
            return await self._repository.find(connection, by.id)

    async def statement(self, owner: str, since: datetime) -> Statement:
        """A member's account and what was counted since then; of the newest thousand entries at the most."""
        async with self._database.read() as connection:
            account = await self._repository.find(connection, owner)
            counted, before_id = list[int](), None
            for _ in range(_MOST_PAGES):
                page = await self._repository.page(connection, owner, before_id=before_id, limit=_PAGE)
                recent = [entry.minutes for entry in page if entry.at >= since]
                counted += recent
                if len(recent) < _PAGE:
                    break
                before_id = page[-1].id
        given = sum(minutes for minutes in counted if minutes > 0)
        return Statement(account, given, given - sum(counted))

    async def page(self, by: Principal, *, after: tuple[str, ...] | None, limit: int) -> Page[LedgerEntry]:
        """A page of the entries of the caller's account, the newest first."""
        before_id = after[0] if after else None
        async with self._database.read() as connection:
            found = await self._repository.page(connection, by.id, before_id=before_id, limit=limit + 1)
        return Page.of(found, limit, lambda entry: (entry.id,))

    async def books(self, *, after: str | None, limit: int) -> tuple[list[Posted], str | None]:
        """The finalized ones among the next `limit` transactions after an id; where the next page begins, if any."""
        async with self._database.read() as connection:
            return await self._books.page(connection, after=after or "", limit=limit)

    async def lock(self, unit: UnitOfWork, owner: str) -> None:
        """Let no other unit count for this member until this one ends."""
        await self._repository.lock(unit, {owner})

    async def move(
        self, unit: UnitOfWork, movement: Movement, *, transaction_id: str, actor: str | None, now: datetime
    ) -> list[tuple[Account, AccountSoftLimitCrossed]]:
        """Move hours in the unit of the change that moves them. Who crossed their soft limit by it, with the event.

        Raises NotEnoughHours, and then nothing was moved.
        """
        if not movement.owners:
            return []
        accounts = await self._repository.lock(unit, movement.owners)
        crossed = [(accounts[event.account], event) for event in apply(movement, accounts, actor)]
        for account, _ in crossed:
            account.event_sequence += 1
        await self._repository.save(unit, accounts.values())
        entries = [
            LedgerEntry(
                id=self._new_id(),
                account=posting.account,
                transaction_id=transaction_id,
                leg=posting.leg,
                skill=posting.skill,
                counterparty=posting.counterparty,
                minutes=posting.minutes,
                at=now,
            )
            for posting in movement.postings
        ]
        await self._repository.post(unit, entries)
        return crossed
