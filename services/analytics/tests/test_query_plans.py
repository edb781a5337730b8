"""What MariaDB makes of every statement behind a measure or a list: no scan of a table that grows.

What is read is one stretch of an index, as long as the range asked for: so a measure costs the same however long the
history before it is. `pytest -s` prints the statements with their plans.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from skillsync_analytics.entities.measures import LONGEST_DAYS, MEASURES
from skillsync_kit import migrations
from skillsync_kit.testing import UserPool
from skillsync_testing.mariadb import MariaDB
from skillsync_testing.proofs import Proof, figure
from skillsync_testing.watching import Statement, Step, Watch

from .crowd import TODAY, fill

if TYPE_CHECKING:
    from tests.conftest import World

PEOPLE = 1000
# Years of history; the longest range is of two of them.
DAYS = 5 * 365
MEMBER = "a0000000-0000-4000-8000-000000000001"
PATHS = [
    path
    for measure in MEASURES.values()
    for path in (
        [
            f"/v1/analytics/{measure.name}?interval={by}&from={TODAY - timedelta(days=LONGEST_DAYS[by])}&to={TODAY}"
            for by in measure.intervals
        ]
        or [f"/v1/analytics/{measure.name}"]
    )
] + ["/v1/analytics/me"]
LISTS = (
    "/internal/books",
    "/internal/books?after=01900000-0000-7000-8000-000000000100",
    "/internal/failed-messages?id=a",
    f"/internal/exports/{MEMBER}",
)
_ALL_OF_IT = {"ALL", "index"}


def scans(statement: Statement) -> list[str]:
    """The steps of a statement that read all of a table; those of what it has put aside itself are as long as that."""
    return [
        f"{step.table}: {step.type}" for step in statement.steps if step.type in _ALL_OF_IT and _is_growing(step.table)
    ]


def _is_growing(name: str) -> bool:
    return not name.startswith("<")


# What these read is what lies in the range; members are counted from the first one on.
OF_THE_RANGE = ("exchanges", "categories", "times", "funnel", "reciprocity")


def test_a_scan_is_named() -> None:
    def step(table: str, type: str) -> Step:
        return Step(table, type, "", "1", "")

    steps = [step("exchanges", "ALL"), step("activity", "index"), step("<derived2>", "ALL"), step("members", "range")]
    assert scans(Statement("a measure", "SELECT", steps)) == ["exchanges: ALL", "activity: index"]


@figure("exchanges", check=4_000, prove=100_000)
@pytest.mark.timeout(900)
def test_no_measure_scans_a_table_that_grows(
    mariadb_server: MariaDB, world_over: "type[World]", pool: UserPool, proof: Proof, exchanges: int
) -> None:
    watches: list[Watch] = []
    reads: list[dict[str, int]] = []
    # The same days of late, at the end of a short history and of one twice as long.
    for times in (1, 2):
        name = mariadb_server.create_database()
        migrations.upgrade(mariadb_server.url(name), migrations.migrations_directory("skillsync_analytics"))
        fill(mariadb_server, name, exchanges=exchanges * times // 2, people=PEOPLE, days=DAYS * times // 2)
        proof.say(f"  {exchanges * times // 2:,} exchanges of {PEOPLE:,} people are there")
        watch, seen = asyncio.run(_watched(world_over, mariadb_server.url(name), pool))
        watches.append(watch)
        reads.append(seen)
        mariadb_server.drop_database(name)
    proof.say(watches[1].table())
    for path, count in reads[1].items():
        proof.say(f"  {count:>9,} reads  {path}")
    scanned = {statement.text: scans(statement) for watch in watches for statement in watch.statements.values()}
    bounded = [path for path in PATHS if path.split("?")[0].rpartition("/")[2] in OF_THE_RANGE]
    more = [path for path in bounded if reads[1][path] > reads[0][path] * 1.05 + 50]
    proof.record(
        "EXPLAIN",
        f"{len(reads[1])} measures and lists among {exchanges:,} exchanges of {PEOPLE:,} people",
        {"scans of a growing table": 0, "that read more behind a longer history": "none"},
        {
            "scans of a growing table": sum(map(bool, scanned.values())),
            "that read more behind a longer history": ", ".join(more) or "none",
        },
        f"{len(scanned)} statements, at most {max(reads[1].values()):,} reads for one measure",
    )


async def _watched(world_over: "type[World]", url: str, pool: UserPool) -> tuple[Watch, dict[str, int]]:
    watch, reads = Watch(), dict[str, int]()
    async with AsyncExitStack() as stack:
        world = world_over(stack, url, pool)
        person = pool.token(MEMBER, **{"cognito:groups": ["coordinator"]})
        worker = pool.worker_token("skillsync/operations.read", "skillsync/users.export")
        for path in (*PATHS, *LISTS):
            token = worker if path.startswith("/internal/") else person
            with watch.during(path.rpartition("/")[2][:13]):
                answer = await world.client.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200, answer.text
            body = answer.json()
            assert body.get("rows", body.get("items", True)) or "failed" in path, path
            reads[path] = watch.reads
    return watch, reads
