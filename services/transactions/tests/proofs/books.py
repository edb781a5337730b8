"""What the database kept, read beside the service."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from skillsync_kit.events import Event
from skillsync_testing.mariadb import Isolation
from skillsync_transactions import tables

__all__ = ["Audit", "Books"]

_LEVELS = text(
    "SELECT trx_isolation_level FROM information_schema.innodb_trx t "
    "WHERE t.trx_mysql_thread_id NOT IN (0, connection_id())"
)


class Audit:
    """The hours in one snapshot of the database, and what is wrong with them."""

    def __init__(self, accounts: list[Any], posted: dict[str, int], uneven: int, accepted: list[Any]) -> None:
        """`posted` sums the entries by account; `accepted` has the legs of each transaction whose hours are held."""
        balances = {row.owner: row.balance for row in accounts}
        held = {row.owner: row.held for row in accounts if row.held}
        self.wrong = {
            "sums not zero": int(sum(balances.values()) != 0),
            "under the floor": sum(row.balance - row.held < row.floor for row in accounts),
            "transactions not even": uneven,
            "balances not the entries'": sum(balances[owner] != posted.get(owner, 0) for owner in balances)
            + len(posted.keys() - balances.keys()),
            "holds not the accepted's": int(held != dict(+sum(map(_outflows, accepted), Counter()))),
        }


def _outflows(legs: dict[str, Any]) -> Counter[str]:
    """What a transaction will cost those who receive more than they give."""
    net: Counter[str] = Counter()
    for leg in legs.values():
        net[leg["receiver"]] += leg["minutes"]
        net[leg["giver"]] -= leg["minutes"]
    return +net


class Books:
    """What the database kept, read beside the service."""

    def __init__(self, engine: AsyncEngine, isolation: Isolation) -> None:
        self.engine = engine
        self.isolation = isolation.replace("-", " ")

    async def levels(self) -> set[str]:
        """The isolation levels of the transactions that clients have open at this moment."""
        return {level for (level,) in await self._rows(_LEVELS)}

    async def histories(self, ids: Iterable[str]) -> dict[str, list[Any]]:
        """The rows of these transactions' histories, which must be numbered without a gap."""
        found: dict[str, list[Any]] = {id: [] for id in ids}
        entry = tables.history.c
        of_these = select(tables.history).where(entry.transaction_id.in_(list(found)))
        for row in await self._rows(of_these.order_by(entry.transaction_id, entry.number)):
            found[row.transaction_id].append(row)
        for rows in found.values():
            assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        return found

    async def actions(self, id: str) -> list[str]:
        """The actions of a transaction's history, in order."""
        return [row.action for row in (await self.histories([id]))[id]]

    async def events(self, id: str) -> list[str]:
        """The types of the events about a transaction without version, which must be numbered without a gap."""
        query = select(tables.outbox.c.payload).where(tables.outbox.c.subject == id).order_by(tables.outbox.c.sequence)
        events = [Event.from_json(row.payload) for row in await self._rows(query)]
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        return [event.type.removesuffix(".v1") for event in events]

    async def postings(self, id: str) -> list[tuple[str, int]]:
        """The accounts and minutes of a transaction's ledger entries, by account."""
        entry = tables.entries.c
        query = select(entry.account, entry.minutes).where(entry.transaction_id == id).order_by(entry.account)
        return [(row.account, row.minutes) for row in await self._rows(query)]

    async def account(self, owner: str) -> tuple[int, int]:
        """A member's balance and held minutes."""
        account = tables.accounts.c
        [row] = await self._rows(select(account.balance, account.held).where(account.owner == owner))
        return row.balance, row.held

    async def authored_by(self, author: str, state: str | None = None) -> int:
        """How many transactions somebody has written, in one state or in all."""
        row = tables.transactions.c
        query = select(func.count()).where(row.author == author)
        [(count,)] = await self._rows(query if state is None else query.where(row.state == state))
        return int(count)

    async def keys(self, principal: str, key: str) -> int:
        """How many records there are of a member's Idempotency-Key."""
        record = tables.idempotency_records.c
        query = select(func.count()).where(record.principal == principal, record.key == key)
        [(count,)] = await self._rows(query)
        return int(count)

    async def audit(self) -> Audit:
        """Look at all hours in one snapshot."""
        row, entry = tables.transactions.c, tables.entries.c
        minutes = func.sum(entry.minutes).label("minutes")
        by_account = select(entry.account, minutes).group_by(entry.account)
        uneven = select(entry.transaction_id).group_by(entry.transaction_id).having(minutes != 0)
        legs = select(row.legs).where(row.state == "accepted", row.settlement == "hours")
        async with self.engine.connect() as connection:
            return Audit(
                accounts=list(await connection.execute(select(tables.accounts))),
                posted={line.account: int(line.minutes) for line in await connection.execute(by_account)},
                uneven=len(list(await connection.execute(uneven))),
                accepted=[line.legs for line in await connection.execute(legs)],
            )

    async def _rows(self, query: Any) -> list[Any]:
        async with self.engine.connect() as connection:
            return list(await connection.execute(query))
