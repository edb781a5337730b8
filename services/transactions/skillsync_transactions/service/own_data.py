"""What this service knows of a person, for the export they asked for: what they may see themselves.

Others are told by their id and the name they show, as everybody sees it.
"""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.exports import After, Part, Rows
from skillsync_transactions.entities import Transaction
from skillsync_transactions.entities.records import HistoryEntry, LedgerEntry
from skillsync_transactions.repository import AccountRepository, HistoryRepository, TransactionRepository

__all__ = ["OwnData"]


class OwnData:
    """Reads it, part by part."""

    def __init__(self, *, transactions: TransactionRepository, accounts: AccountRepository) -> None:
        self._transactions = transactions
        self._accounts = accounts
        self._histories = HistoryRepository()

    @property
    def parts(self) -> tuple[Part, ...]:
        """All there is."""
        return (
            Part(
                "transactions", "Your transactions, drafts included, with their terms and texts.", self._of_transactions
            ),
            Part("history", "What was done to your transactions, by whom, when and why.", self._of_history),
            Part("ledger", "Minutes that came to you (positive) or went from you (negative).", self._of_ledger),
            Part(
                "balance", "Your hours, in minutes: the balance, what is held of it, and its floor.", self._of_balance
            ),
        )

    async def _of_transactions(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        found = await self._transactions.page(
            connection, user, state=None, role=None, before_id=after.id or None, limit=limit + 1
        )
        return Rows.of(found, limit, _transaction, lambda transaction: After(transaction.id))

    async def _of_history(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        found, following = await self._histories.page(connection, user, after=after, limit=limit)
        return Rows([_entry(id, entry) for id, entry in found], After(*following) if following else None)

    async def _of_ledger(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        found = await self._accounts.page(connection, user, before_id=after.id or None, limit=limit + 1)
        return Rows.of(found, limit, _posting, lambda entry: After(entry.id))

    async def _of_balance(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        account = await self._accounts.find(connection, user)
        return Rows([{"balance": account.balance, "held": account.held, "floor": account.floor}])


def _transaction(it: Transaction) -> dict[str, Any]:
    return {
        "id": it.id,
        "author": it.author,
        "state": it.state.value,
        "title": it.title,
        "note": it.note,
        "settlement": it.settlement,
        "scheduled_for": it.scheduled_for,
        "legs": [
            {"leg": key, "giver": leg.giver, "receiver": leg.receiver, "skill": leg.skill, "minutes": leg.minutes}
            for key, leg in it.legs.items()
        ],
        "participants": [
            {"id": user, "display_name": it.names[user].display_name if user in it.names else ""}
            for user in it.participants
        ],
        "terms_rev": it.terms_rev,
        "acceptances": [{"user": yes.user, "terms_rev": yes.terms_rev, "at": yes.at} for yes in it.acceptances],
        "confirmations": [{"user": word.user, "at": word.at} for word in it.confirmations],
        "expires_at": it.expires_at,
        "finalizes_at": it.finalizes_at,
        "ended_by": it.ended_by,
        "reverses_id": it.reverses_id,
        "reversed_by": it.reversed_by,
        "created_at": it.created_at,
        "updated_at": it.updated_at,
    }


def _entry(id: str, it: HistoryEntry) -> dict[str, Any]:
    return {
        "transaction": id,
        "number": it.number,
        "actor": it.actor,
        "action": it.action,
        "from": it.from_state,
        "to": it.to_state,
        "changed": list(it.changed),
        "reason": it.reason,
        "at": it.at,
    }


def _posting(it: LedgerEntry) -> dict[str, Any]:
    return {
        "id": it.id,
        "transaction": it.transaction_id,
        "leg": it.leg,
        "skill": it.skill,
        "counterparty": it.counterparty,
        "minutes": it.minutes,
        "at": it.at,
    }
