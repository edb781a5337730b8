"""A database that is gone without a word: nobody waits for it for ever, and its connections heal by themselves."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from skillsync_kit import database as database_module
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import Unavailable
from skillsync_testing import MariaDB
from skillsync_testing.faulty_link import FaultyLink, LinkFault


@pytest.fixture
def link(mariadb_server: MariaDB) -> Iterator[FaultyLink]:
    link = FaultyLink(mariadb_server.port)
    link.start()
    yield link
    link.stop()


@pytest.fixture
async def database(
    mariadb_server: MariaDB, link: FaultyLink, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    monkeypatch.setattr(database_module, "_LONGEST_SECONDS", 0.3)
    url = mariadb_server.url(mariadb_server.create_database())
    database = Database(url.replace(f":{mariadb_server.port}/", f":{link.port}/"), pool_size=2)
    yield database
    await database.close()


async def write(database: Database) -> int:
    async def work(unit: UnitOfWork) -> int:
        return int((await unit.connection.execute(text("SELECT 1"))).scalar_one())

    return await database.run(work, at_most_seconds=0.3)


async def read(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(text("SELECT 1"))).scalar_one())


@pytest.mark.parametrize("ask", [write, read])
@pytest.mark.parametrize("is_connected", [True, False], ids=["in a statement", "in the handshake"])
async def test_nobody_waits_for_ever_for_a_database_that_swallows(
    database: Database, link: FaultyLink, ask: object, is_connected: bool
) -> None:
    assert callable(ask)
    if is_connected:
        assert await ask(database) == 1
    with link.behaving("black hole"):
        # As often as the pool has connections, and once more: none is left out of it.
        for _ in range(3):
            with pytest.raises(Unavailable):
                await ask(database)
    assert link.hits["black hole"] >= 1
    assert await ask(database) == 1


@pytest.mark.parametrize("ask", [write, read])
@pytest.mark.parametrize("fault", ["reset", "half-close"])
async def test_a_lost_connection_is_unavailable_and_the_next_one_works(
    database: Database, link: FaultyLink, ask: object, fault: LinkFault
) -> None:
    assert callable(ask)
    assert await ask(database) == 1
    with link.behaving(fault):
        for _ in range(3):
            try:
                assert await ask(database) == 1
            except Unavailable:
                continue
    assert link.hits[fault] >= 1
    for _ in range(3):
        # A connection of the pool that was lost meanwhile is found out by the first who uses it.
        try:
            last = await ask(database)
        except Unavailable:
            last = None
    assert last == 1
