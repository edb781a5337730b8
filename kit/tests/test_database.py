"""The unit of work on SQLite and MariaDB: one commit, begun again when the database asks, and column types."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import uvloop
from sqlalchemy import Column, Engine, Integer, MetaData, Table, event, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from skillsync_kit.database import ID, ChangedMeanwhile, Database, UnitOfWork, UtcDateTime, key_text
from skillsync_kit.errors import Unavailable
from skillsync_kit.events import Event
from skillsync_testing import MariaDB
from skillsync_testing.plugin import MakeDatabase

OpenDatabase = Callable[[str], Awaitable[Database]]
MakeEvent = Callable[..., Event]


@pytest.fixture
def effects(metadata: MetaData) -> Table:
    return metadata.tables["effects"]


@pytest.fixture
def counters(metadata: MetaData) -> Table:
    return metadata.tables["counters"]


@pytest.fixture
def commits() -> Iterator[list[object]]:
    """The commits of every engine, as they happen."""
    seen: list[object] = []

    def on_commit(connection: object) -> None:
        seen.append(connection)

    event.listen(Engine, "commit", on_commit)
    yield seen
    event.remove(Engine, "commit", on_commit)


async def count(database: Database, table: Table) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def values(database: Database, counters: Table) -> dict[str, int]:
    async with database.read() as connection:
        rows = (await connection.execute(select(counters.c.name, counters.c.value))).all()
    return {name: value for name, value in rows}  # noqa: C416 - rows are no pairs to mypy


async def set_counters(database: Database, counters: Table, **names: int) -> None:
    async def work(unit: UnitOfWork) -> None:
        await unit.connection.execute(insert(counters), [{"name": name, "value": names[name]} for name in names])

    await database.run(work)


async def add_one(connection: AsyncConnection, counters: Table, name: str) -> None:
    await connection.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + 1))


async def test_a_unit_commits_once_with_its_events(
    database: Database, metadata: MetaData, effects: Table, commits: list[object], make_event: MakeEvent
) -> None:
    async def work(unit: UnitOfWork) -> str:
        await unit.connection.execute(insert(effects), {"cause": "one"})
        unit.publish(make_event(), make_event())
        await unit.connection.execute(insert(effects), {"cause": "two"})
        return "done"

    assert await database.run(work) == "done"
    assert len(commits) == 1
    assert await count(database, effects) == 2
    assert await count(database, metadata.tables["outbox"]) == 2


async def test_an_error_takes_back_the_change_and_its_events(
    database: Database, metadata: MetaData, effects: Table, commits: list[object], make_event: MakeEvent
) -> None:
    async def work(unit: UnitOfWork) -> None:
        await unit.connection.execute(insert(effects), {"cause": "one"})
        unit.publish(make_event())
        raise LookupError("no")

    with pytest.raises(LookupError):
        await database.run(work)
    assert commits == []
    assert await count(database, effects) == 0
    assert await count(database, metadata.tables["outbox"]) == 0


async def test_a_change_whose_event_cannot_be_recorded_is_taken_back(
    database: Database, effects: Table, make_event: MakeEvent
) -> None:
    async def work(unit: UnitOfWork) -> None:
        await unit.connection.execute(insert(effects), {"cause": "one"})
        unit.publish(make_event(subject="same", sequence=1), make_event(subject="same", sequence=1))

    with pytest.raises(IntegrityError):
        await database.run(work)
    assert await count(database, effects) == 0


async def test_what_wakes_the_relay_is_told_after_a_commit_that_had_events(
    database_url: str, open_database: OpenDatabase, effects: Table, make_event: MakeEvent
) -> None:
    await open_database(database_url)
    told: list[str] = []

    async def record(unit: UnitOfWork) -> None:
        told.append(f"recorded {len(unit.events)}")

    database = Database(database_url, record=record, committed=lambda: told.append("committed"))

    async def with_event(unit: UnitOfWork) -> None:
        unit.publish(make_event())

    async def without_event(unit: UnitOfWork) -> None:
        await unit.connection.execute(insert(effects), {"cause": "one"})

    await database.run(without_event)
    assert told == []
    await database.run(with_event)
    assert told == ["recorded 1", "committed"]
    await database.close()


async def test_a_unit_may_not_publish_without_an_outbox(
    database_url: str, open_database: OpenDatabase, effects: Table, make_event: MakeEvent
) -> None:
    await open_database(database_url)
    database = Database(database_url)

    async def work(unit: UnitOfWork) -> None:
        await unit.connection.execute(insert(effects), {"cause": "one"})
        unit.publish(make_event())

    with pytest.raises(RuntimeError, match="no outbox"):
        await database.run(work)
    assert await count(database, effects) == 0
    await database.close()


async def test_a_reader_cannot_write(database: Database, effects: Table) -> None:
    with pytest.raises(OperationalError, match=r"READ ONLY|readonly"):
        async with database.read() as connection:
            await connection.execute(insert(effects), {"cause": "one"})
    assert await count(database, effects) == 0


async def test_a_unit_begins_again_from_the_start_when_another_was_first(
    database: Database, effects: Table, metadata: MetaData, make_event: MakeEvent
) -> None:
    attempts = 0

    async def work(unit: UnitOfWork) -> None:
        nonlocal attempts
        attempts += 1
        await unit.connection.execute(insert(effects), {"cause": str(attempts)})
        unit.publish(make_event())
        if attempts < 3:
            raise ChangedMeanwhile

    await database.run(work)
    assert attempts == 3
    assert await count(database, effects) == 1
    assert await count(database, metadata.tables["outbox"]) == 1


async def test_attempts_are_bounded_and_end_in_unavailable(database: Database) -> None:
    attempts = 0

    async def work(_: UnitOfWork) -> None:
        nonlocal attempts
        attempts += 1
        raise ChangedMeanwhile

    with pytest.raises(Unavailable) as refusal:
        await database.run(work)
    assert attempts == 8
    assert refusal.value.headers["Retry-After"] == "1"


async def test_a_deadlock_begins_again_and_both_units_commit(
    make_database: MakeDatabase, open_database: OpenDatabase, counters: Table
) -> None:
    database = await open_database(make_database("mariadb"))
    await set_counters(database, counters, a=0, b=0)
    both_hold_one = asyncio.Barrier(2)
    attempts: list[str] = []

    async def both(first: str, second: str) -> None:
        async def work(unit: UnitOfWork) -> None:
            attempts.append(first)
            await add_one(unit.connection, counters, first)
            if attempts.count(first) == 1:
                await both_hold_one.wait()
            await add_one(unit.connection, counters, second)

        await database.run(work)

    await asyncio.gather(both("a", "b"), both("b", "a"))
    # Three attempts: the server chose one of the two as the victim, and only that one began again.
    assert len(attempts) == 3
    assert await values(database, counters) == {"a": 2, "b": 2}


async def test_a_lock_wait_timeout_begins_again(
    make_database: MakeDatabase, open_database: OpenDatabase, counters: Table
) -> None:
    database = await open_database(make_database("mariadb"))
    await set_counters(database, counters, a=0)
    held, release = asyncio.Event(), asyncio.Event()
    attempts = 0

    async def hold(unit: UnitOfWork) -> None:
        await add_one(unit.connection, counters, "a")
        held.set()
        await release.wait()

    async def wait(unit: UnitOfWork) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 2:
            release.set()
        await unit.connection.execute(text("SET SESSION innodb_lock_wait_timeout = 1"))
        await add_one(unit.connection, counters, "a")

    holder = asyncio.create_task(database.run(hold))
    await held.wait()
    await database.run(wait)
    await holder
    assert attempts == 2
    assert await values(database, counters) == {"a": 2}


async def test_concurrent_read_then_write_loses_no_update(database: Database, counters: Table) -> None:
    await set_counters(database, counters, a=0)

    async def work(unit: UnitOfWork) -> None:
        row = await unit.connection.execute(select(counters.c.value).where(counters.c.name == "a"))
        seen = row.scalar_one()
        changed = await unit.connection.execute(
            update(counters).where(counters.c.name == "a", counters.c.value == seen).values(value=seen + 1)
        )
        if changed.rowcount == 0:
            raise ChangedMeanwhile

    async def writer() -> int:
        acknowledged = 0
        for _ in range(10):
            try:
                await database.run(work)
                acknowledged += 1
            except Unavailable:
                continue
        return acknowledged

    acknowledged = sum(await asyncio.gather(*(writer() for _ in range(5))))
    assert acknowledged > 10
    assert await values(database, counters) == {"a": acknowledged}


WRITER = """
import asyncio, sys
from sqlalchemy import text
from skillsync_kit.database import Database

async def main(url):
    database = Database(url)
    async def work(unit):
        seen = (await unit.connection.execute(text("SELECT value FROM counters WHERE name = 'a'"))).scalar_one()
        await unit.connection.execute(text("UPDATE counters SET value = :value WHERE name = 'a'"), {"value": seen + 1})
    async def writer():
        for _ in range(25):
            await database.run(work)
    await asyncio.gather(*(writer() for _ in range(6)))
    await database.close()

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main(sys.argv[1]))
"""


async def test_many_writers_in_two_processes_share_one_sqlite_file(
    make_database: MakeDatabase, open_database: OpenDatabase, counters: Table
) -> None:
    url = make_database("sqlite")
    database = await open_database(url)
    await set_counters(database, counters, a=0)
    pipe = subprocess.PIPE
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, url], stdin=pipe, stdout=pipe, stderr=pipe, text=True)  # noqa: S603, ASYNC220
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = await asyncio.to_thread(writer.communicate, timeout=60)
        assert (writer.returncode, errors) == (0, "")
    assert await values(database, counters) == {"a": 300}


async def test_rows_that_match_are_counted_also_when_nothing_changes(database: Database, counters: Table) -> None:
    await set_counters(database, counters, a=5)

    async def work(unit: UnitOfWork) -> int:
        done = await unit.connection.execute(update(counters).where(counters.c.name == "a").values(value=5))
        return done.rowcount

    assert await database.run(work) == 1


async def test_a_moment_comes_back_as_it_was(database_url: str) -> None:
    moments = Table("moments", MetaData(), Column("id", Integer, primary_key=True), Column("at", UtcDateTime))
    utc = datetime(2030, 6, 1, 12, 30, 15, 123_000, tzinfo=UTC)
    elsewhere = utc.astimezone(timezone(timedelta(hours=5, minutes=30)))
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(moments.metadata.create_all)
        await connection.execute(insert(moments), [{"id": 1, "at": utc}, {"id": 2, "at": elsewhere}])
        await connection.execute(insert(moments), [{"id": 3, "at": utc + timedelta(milliseconds=1)}])
        await connection.execute(insert(moments), [{"id": 4, "at": None}])
        found = (await connection.execute(select(moments.c.at).order_by(moments.c.id))).scalars().all()
        later = select(moments.c.id).where(moments.c.at > utc)
        assert (await connection.execute(later)).scalars().all() == [3]
    await engine.dispose()
    assert found == [utc, utc, utc + timedelta(milliseconds=1), None]
    assert all(moment is None or moment.tzinfo is UTC for moment in found)


async def test_keys_are_compared_byte_by_byte(database_url: str) -> None:
    keys = Table("keys_of_text", MetaData(), Column("key", key_text(16), primary_key=True))
    distinct = ["abc", "ABC", "abc ", "abc  ", "\u00e9", "e\u0301", "e", "\U0001f3b8", "\U0001f3b9", ""]
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(keys.metadata.create_all)
        await connection.execute(insert(keys), [{"key": key} for key in distinct])
        for key in distinct:
            assert (await connection.execute(select(keys.c.key).where(keys.c.key == key))).scalars().all() == [key]
    await engine.dispose()


async def test_ids_are_compared_byte_by_byte(database_url: str) -> None:
    ids = Table("ids", MetaData(), Column("id", ID, primary_key=True))
    lower = "0190b5a0-1111-7abc-8def-aaaaaaaaaaaa"
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(ids.metadata.create_all)
        await connection.execute(insert(ids), [{"id": lower}, {"id": lower.upper()}])
        assert (await connection.execute(select(ids.c.id).where(ids.c.id == lower))).scalars().all() == [lower]
    await engine.dispose()


async def test_a_cancelled_unit_leaves_nothing_and_no_broken_connection(
    database_url: str, open_database: OpenDatabase, effects: Table
) -> None:
    await open_database(database_url)
    database = Database(database_url, pool_size=1)
    begun = asyncio.Event()

    async def endless(unit: UnitOfWork) -> None:
        await unit.connection.execute(insert(effects), {"cause": "endless"})
        begun.set()
        if database.supports_skip_locked:
            await unit.connection.execute(text("SELECT SLEEP(2)"))
        await asyncio.Event().wait()

    task = asyncio.create_task(database.run(endless))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count(database, effects) == 0
    await set_counters(
        database, Table("counters", MetaData(), Column("name", key_text(32)), Column("value", Integer)), a=1
    )
    await database.close()


@pytest.fixture
def own_server() -> Iterator[MariaDB]:
    """A MariaDB that this test may kill."""
    with tempfile.TemporaryDirectory(prefix="skillsync-mariadb-") as directory:
        server = MariaDB(Path(directory))
        server.start_on_a_free_port()
        yield server
        server.stop()


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_database_that_went_away_is_503_and_heals(
    own_server: MariaDB, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    name = own_server.create_database()

    async def ping(unit: UnitOfWork) -> int:
        return int((await unit.connection.execute(text("SELECT 1"))).scalar_one())

    async def crash_inside(unit: UnitOfWork) -> int:
        own_server.kill()
        return await ping(unit)

    async def main() -> None:
        database = Database(own_server.url(name), pool_size=4)
        # Every connection of the pool is in use once, so that every one of them is lost.
        everyone = asyncio.Barrier(4)

        async def together(unit: UnitOfWork) -> None:
            await everyone.wait()
            await ping(unit)

        await asyncio.gather(*(database.run(together) for _ in range(4)))
        with pytest.raises(Unavailable):
            await database.run(crash_inside)
        with pytest.raises(Unavailable):
            await database.run(ping)
        with pytest.raises(Unavailable):
            await database.warm()
        own_server.start()
        # The first to notice throws the whole pool away: at most one request pays for it.
        answers = await asyncio.gather(*(database.run(ping) for _ in range(4)), return_exceptions=True)
        assert all(answer == 1 or isinstance(answer, Unavailable) for answer in answers)
        assert [await database.run(ping) for _ in range(8)] == [1] * 8
        await database.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_restart_between_two_requests_costs_at_most_one_503(
    own_server: MariaDB, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    name = own_server.create_database()

    async def ping(unit: UnitOfWork) -> int:
        return int((await unit.connection.execute(text("SELECT 1"))).scalar_one())

    async def main() -> None:
        database = Database(own_server.url(name), pool_size=4)
        assert await database.run(ping) == 1
        await asyncio.to_thread(own_server.kill)
        await asyncio.to_thread(own_server.start)
        [first] = await asyncio.gather(database.run(ping), return_exceptions=True)
        assert first == 1 or isinstance(first, Unavailable)
        assert await database.run(ping) == 1
        await database.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())


async def test_a_mistake_in_sql_stays_what_it_is(database: Database, effects: Table) -> None:
    async def work(unit: UnitOfWork) -> None:
        await unit.connection.execute(insert(effects), {"number": 1, "cause": "one"})
        await unit.connection.execute(insert(effects), {"number": 1, "cause": "two"})

    with pytest.raises(IntegrityError):
        await database.run(work)
