"""A page costs the same whatever else there is: as many rows are read among a million transactions as among few."""

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from skillsync_kit import migrations
from skillsync_kit.testing import FixedClock, UserPool
from skillsync_testing.mariadb import MariaDB
from skillsync_testing.proofs import Proof, figure
from skillsync_testing.watching import Watch

from .crowd import FIRST_CHANGE, HEAVY, fill

if TYPE_CHECKING:
    from tests.conftest import World

PATHS = (
    "/v1/transactions",
    "/v1/transactions?state=finalized",
    "/v1/transactions?role=participant",
    "/v1/transactions?state=expired&role=author",
    f"/v1/transactions?updated_after={FIRST_CHANGE}",
    f"/v1/transactions?updated_after={FIRST_CHANGE}&state=declined",
    "/v1/ledger",
)


@figure("many", check=20_000, prove=1_000_000)
def test_a_page_of_20_reads_as_much(
    mariadb_server: MariaDB, world_over: "type[World]", pool: UserPool, clock: FixedClock, proof: Proof, many: int
) -> None:
    few = min(many // 10, 10_000)
    reads: dict[int, dict[str, int]] = {}
    for transactions in (few, many):
        name = mariadb_server.create_database()
        migrations.upgrade(mariadb_server.url(name), migrations.migrations_directory("skillsync_transactions"))
        fill(mariadb_server, name, transactions, one_in=2 if transactions == few else 10)
        proof.say(f"  {transactions:,} transactions are there")
        reads[transactions] = asyncio.run(_reads(world_over, mariadb_server.url(name), pool, clock))
        mariadb_server.drop_database(name)
    proof.record("rows", f"a page of 20 among {few:,} and among {many:,}", reads[few], reads[many])


async def _reads(world_over: "type[World]", url: str, pool: UserPool, clock: FixedClock) -> dict[str, int]:
    async with AsyncExitStack() as stack:
        world = world_over(stack, url, pool, clock)
        return {path: await _reads_of_a_page(world, path) for path in PATHS}


async def _reads_of_a_page(world: "World", path: str) -> int:
    """How many rows and entries of indexes MariaDB reads for the first page of one member."""
    await world.send("GET", path, HEAVY)
    watch = Watch()
    with watch.during("page"):
        answer = await world.send("GET", path, HEAVY)
    assert len(answer.json()["items"]) == 20, path
    return watch.reads
