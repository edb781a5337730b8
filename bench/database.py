"""The database of the load: a private, durable MariaDB with memory enough, and one database for each implementation."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import MetaData, insert
from sqlalchemy.ext.asyncio import create_async_engine

from bench.operations import HOURS_GIVEN
from bench.people import NAMES, Person
from skillsync_kit import migrations
from skillsync_kit.ids import new_id
from skillsync_testing.mariadb import MariaDB
from skillsync_transactions import tables

__all__ = ["TRANSACTIONS_EACH", "BenchMariaDB", "fill", "migrate"]

TRANSACTIONS_EACH = 30
"""How many old transactions everybody has: more than a page of them."""

_ROWS_AT_ONCE = 2000
# As servers are set up: everything the load touches fits in memory, and the log is not written over all the time.
_SIZES = ("--innodb-buffer-pool-size=512M", "--innodb-log-file-size=256M", "--max-connections=400")


class BenchMariaDB(MariaDB):
    """The private server of the tests, with buffers of a usual size. Each commit is still flushed to the disk."""

    def command(self) -> list[str]:
        """As for tests; a later option outranks an earlier one."""
        return [*super().command(), *_SIZES]


def migrate(server: MariaDB, name: str) -> None:
    """Make an empty database with the service's tables."""
    server.drop_database(name)
    server.create_database(name)
    migrations.upgrade(server.url(name), migrations.migrations_directory("skillsync_transactions"))


def fill(server: MariaDB, names: Sequence[str], people: Sequence[Person]) -> None:
    """Write the same past into each database: for everybody an account, and transactions that were cancelled."""
    first, *others = names
    asyncio.run(_write(server.url(first), tables.metadata, people))
    for name in others:
        for table in ("transactions", "transaction_texts", "transaction_participants", "accounts"):
            server.mysql(f"INSERT INTO `{name}`.{table} SELECT * FROM `{first}`.{table}")  # noqa: S608 - our own names
    for name in names:
        server.mysql("ANALYZE TABLE transactions, transaction_texts, transaction_participants, accounts", name)


async def _write(url: str, metadata: MetaData, people: Sequence[Person]) -> None:
    rows = _past(people)
    engine = create_async_engine(url)
    try:
        for name, of_table in rows.items():
            for start in range(0, len(of_table), _ROWS_AT_ONCE):
                async with engine.begin() as connection:
                    await connection.execute(insert(metadata.tables[name]), of_table[start : start + _ROWS_AT_ONCE])
    finally:
        await engine.dispose()


def _past(people: Sequence[Person]) -> dict[str, list[dict[str, Any]]]:
    """The rows by table. Everybody is the author of half of theirs."""
    rows: dict[str, list[dict[str, Any]]] = {
        "accounts": [
            {"owner": person.id, "balance": 0, "held": 0, "floor": -600, "event_sequence": 0} for person in people
        ],
        "transactions": [],
        "transaction_texts": [],
        "transaction_participants": [],
    }
    start = datetime.now(UTC) - timedelta(days=30)
    for turn in range(TRANSACTIONS_EACH // 2):
        for place, author in enumerate(people):
            other = people[(place + turn + 1) % len(people)]
            _add_cancelled(rows, author.id, other.id, start + timedelta(hours=turn))
    return rows


def _add_cancelled(rows: dict[str, list[dict[str, Any]]], author: str, other: str, at: datetime) -> None:
    id = new_id()
    rows["transactions"].append(
        {
            "id": id,
            "author": author,
            "state": "cancelled",
            "version": 3,
            "terms_rev": 1,
            "settlement": "hours",
            "legs": {"a": {"giver": author, "receiver": other, "skill": "guitar", "minutes": HOURS_GIVEN}},
            "days_open": 14,
            "ended_by": author,
            "acceptances": [(author, 1, at.isoformat())],
            "confirmations": [],
            "revisions": [],
            "event_sequence": 2,
            "created_at": at,
            "updated_at": at,
        }
    )
    names = {author: NAMES, other: NAMES}
    texts = {"transaction_id": id, "title": "An hour of guitar", "note": "", "names": names, "reasons": {}}
    rows["transaction_texts"].append(texts)
    for user in (author, other):
        row = {"user_id": user, "transaction_id": id, "is_author": user == author, "state": "cancelled"}
        rows["transaction_participants"].append({**row, "updated_at": at})
