"""What MariaDB makes of every statement the service sends, over tables with rows enough to make it choose.

`pytest -s` prints the statements with their plans.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from skillsync_kit import migrations
from skillsync_kit.ids import new_id
from skillsync_kit.testing import FixedClock, UserPool
from skillsync_testing.mariadb import MariaDB
from skillsync_testing.proofs import Proof
from skillsync_testing.watching import Watch
from skillsync_transactions import tables

from .crowd import FIRST_CHANGE, HEAVY, fill
from .life import Life

if TYPE_CHECKING:
    from tests.conftest import World

# A member with thousands of transactions among many others, and one who takes part in everything there is: for that one
# the optimiser would rather read the tables themselves.
CROWDS = {"a crowd": (24_000, 10), "one for all": (3_000, 1)}

# The states of the first and the last block, one of which nobody has any as a participant, and all.
STATES = ("finalized", "expired", "draft", None)
FILTERS = [
    {name: value for name, value in zip(("state", "role", "updated_after"), given, strict=True) if value}
    for given in product(STATES, ("author", "participant", None), (FIRST_CHANGE, None))
]
# A path, and in how many tables each item of its pages is read.
PAGES = [*((f"/v1/transactions?{urlencode(filters)}", 4) for filters in FILTERS), ("/v1/ledger", 1)]

TRANSACTIONS, PEOPLE = 100_000, 1_000

# The most that any statement asks for at once: idempotency records to forget.
MOST = 500


@pytest.fixture(scope="module", params=list(CROWDS.values()), ids=list(CROWDS))
def shared_url(mariadb_server: MariaDB, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of MariaDB with many rows in each table."""
    transactions, one_in = request.param
    name = mariadb_server.create_database()
    migrations.upgrade(mariadb_server.url(name), migrations.migrations_directory("skillsync_transactions"))
    fill(mariadb_server, name, transactions, one_in=one_in)
    yield mariadb_server.url(name)
    mariadb_server.drop_database(name)


@pytest.mark.parametrize(("path", "tables_each"), PAGES)
async def test_a_page_reads_no_more_than_it_shows(world: "World", path: str, tables_each: int) -> None:
    watch = Watch()
    async for shown in pages(world, watch, path):
        # One more is asked for, to know whether another page follows; and the places are looked up where it begins.
        assert watch.reads <= tables_each * min(shown + 1, 20 + 1) + 2, shown
    assert watch.refused == []


async def pages(world: "World", watch: Watch, path: str, most: int = 5) -> AsyncIterator[int]:
    """How many items there are on each of so many pages of `HEAVY`'s, while `watch` knows what it read."""
    for _ in range(most):
        with watch.during(path.partition("?")[0].rpartition("/")[2]):
            answer = await world.send("GET", path, HEAVY)
        yield len(answer.json()["items"])
        if "link" not in answer.headers:
            return
        path = answer.headers["link"].partition(">")[0].lstrip("<")


async def test_every_statement_finds_its_rows_by_an_index(world: "World") -> None:
    watch = Watch()
    await Life(world, watch, HEAVY, new_id()).live()
    for path, _ in PAGES:
        assert [shown async for shown in pages(world, watch, path, 2)]
    print(watch.table())  # noqa: T201 - with -s, for people
    assert watch.refused == []
    assert max(statement.most_reads for statement in watch.statements.values()) <= MOST
    # The life was a whole one: it left something in every table.
    written = {statement.steps[0].table for statement in watch.statements.values() if statement.verb == "INSERT"}
    assert written == set(tables.metadata.tables)


async def test_an_erasure_reads_what_is_the_persons_and_no_more(world: "World") -> None:
    watch = Watch()
    await Life(world, watch, HEAVY, new_id()).be_let_go()
    print(watch.table())  # noqa: T201 - with -s, for people
    assert watch.refused == []
    # Who is named in others' drafts is looked for in all texts, on purpose.
    bounded = [statement for statement in watch.statements.values() if statement.operation != "walk"]
    assert max(statement.most_reads for statement in bounded) <= 100 + 1


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_nothing_scans_a_table_in_a_grown_community(
    mariadb_server: MariaDB, world_over: "type[World]", pool: UserPool, clock: FixedClock, proof: Proof
) -> None:
    name = mariadb_server.create_database()
    migrations.upgrade(mariadb_server.url(name), migrations.migrations_directory("skillsync_transactions"))
    fill(mariadb_server, name, TRANSACTIONS, each=TRANSACTIONS // PEOPLE)
    proof.say(f"  {TRANSACTIONS:,} transactions of {PEOPLE:,} people are there")
    watch = Watch()
    beyond = asyncio.run(_asked_for_everything(world_over, mariadb_server.url(name), pool, clock, watch))
    mariadb_server.drop_database(name)
    proof.say(watch.table())
    proof.record(
        "EXPLAIN",
        f"every list of transactions among {TRANSACTIONS:,} transactions of {PEOPLE:,} people",
        {"statements that scan or sort": 0, "pages that read more than they show": "none"},
        {"statements that scan or sort": len(watch.refused), "pages that read more than they show": beyond or "none"},
        f"{len(watch.statements)} statements, {len(PAGES)} lists",
    )


async def _asked_for_everything(
    world_over: "type[World]", url: str, pool: UserPool, clock: FixedClock, watch: Watch
) -> str:
    """The lists that read more than they show; each of two pages."""
    beyond = []
    async with AsyncExitStack() as stack:
        world = world_over(stack, url, pool, clock)
        for path, tables_each in PAGES:
            async for shown in pages(world, watch, path, 2):
                if watch.reads > tables_each * min(shown + 1, 20 + 1) + 2:
                    beyond.append(f"{path}: {watch.reads}")
        (newest,) = (await world.send("GET", "/v1/transactions?limit=1&state=finalized", HEAVY)).json()["items"]
        await Life(world, watch, HEAVY, HEAVY).read(newest["id"])
    return ", ".join(beyond)
