"""What the HTTP tests cannot see: a compare-and-set that meets another version, and texts apart from the row."""

import copy
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_kit.ids import new_id
from skillsync_transactions import tables
from skillsync_transactions.entities import Changes, Name, Transaction
from skillsync_transactions.repository import PeopleReplica, Seen, TransactionRepository

if TYPE_CHECKING:
    from tests.conftest import World

repository = TransactionRepository()


def full(ada: str, bo: str, now: datetime) -> Changes:
    """Everything that can be written."""
    leg = {"giver": ada, "receiver": bo, "skill": "guitar", "minutes": 60}
    return {"title": "T 🎸", "note": "N", "scheduled_for": now.replace(day=5, microsecond=123456), "legs": {"a": leg}}  # type: ignore[dict-item]


async def kept(world: "World", ada: str, bo: str) -> Transaction:
    """A proposed transaction, as it was kept."""
    now = world.clock.now()
    transaction, created = Transaction.draft(new_id(), ada, full(ada, bo, now), now)
    transaction.names = {ada: Name("A", "Da", ""), bo: Name("B", "O", "")}

    async def work(unit: UnitOfWork) -> None:
        await repository.add(unit, transaction, [created])
        proposed = transaction.propose(ada, now, open_proposals=0)
        assert proposed is not None
        await repository.save(unit, transaction, proposed)

    await world.database.run(work)
    return transaction


async def test_what_is_found_equals_what_was_kept(world: "World", ada: str, bo: str) -> None:
    transaction = await kept(world, ada, bo)
    async with world.database.read() as connection:
        assert await repository.find(connection, transaction.id, bo) == Seen(transaction, frozenset())
        assert await repository.find(connection, transaction.id, new_id()) is None


async def test_a_save_over_another_version_changes_nothing(world: "World", ada: str, bo: str) -> None:
    transaction = await kept(world, ada, bo)
    late = copy.deepcopy(transaction)
    late.version += 1
    change = late.change(bo, {"title": "Too late"}, world.clock.now())
    assert change is not None

    async def work(unit: UnitOfWork) -> None:
        with pytest.raises(ChangedMeanwhile):
            await repository.save(unit, late, change)

    await world.database.run(work)
    async with world.database.read() as connection:
        assert await repository.find(connection, transaction.id, ada) == Seen(transaction, frozenset())
    assert len(await world.history(transaction.id)) == 2


async def test_texts_and_names_are_kept_apart_from_the_row(world: "World", ada: str, bo: str) -> None:
    transaction = await kept(world, ada, bo)
    for table in (tables.transactions, tables.history):
        key = table.c.id if table is tables.transactions else table.c.transaction_id
        async with world.database.read() as connection:
            rows = (await connection.execute(select(table).where(key == transaction.id))).all()
        assert rows
        assert not any("🎸" in str(row) or "Da" in str(row) for row in rows)


async def test_a_status_is_kept_by_its_sequence(world: "World", ada: str) -> None:
    replica = PeopleReplica()
    for sequence, status in ((2, "suspended"), (1, "active"), (2, "erased")):

        async def work(unit: UnitOfWork, status: str = status, sequence: int = sequence) -> None:
            await replica.record(unit, ada, status, sequence)

        await world.database.run(work)
    async with world.database.read() as connection:
        assert await replica.unavailable(connection, [ada, new_id()]) == {ada}
