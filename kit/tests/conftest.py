"""What the kit's tests share: a standing clock, a user pool, the kit's tables, and databases that have them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_kit.database import Database, key_text
from skillsync_kit.events import Event
from skillsync_kit.failed_messages import failed_messages_table
from skillsync_kit.idempotency import idempotency_table
from skillsync_kit.ids import new_id
from skillsync_kit.outbox import Outbox, outbox_table
from skillsync_kit.processed_messages import processed_messages_table
from skillsync_kit.telemetry import configure
from skillsync_kit.testing import FixedClock, UserPool

OpenDatabase = Callable[[str], Awaitable[Database]]
MakeEvent = Callable[..., Event]


@pytest.fixture(scope="session", autouse=True)
def _telemetry() -> None:
    """Spans are real and log lines are JSON, as in a process."""
    configure("tests")


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands still."""
    return FixedClock()


@pytest.fixture(scope="session")
def pool() -> UserPool:
    """A user pool; making its key takes a while, so there is one."""
    return UserPool()


@pytest.fixture
def metadata() -> MetaData:
    """The kit's tables, a table of effects (one row each time something happened) and one of counters."""
    metadata = MetaData()
    outbox_table(metadata)
    processed_messages_table(metadata)
    failed_messages_table(metadata)
    idempotency_table(metadata)
    Table(
        "effects",
        metadata,
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("cause", key_text(64), nullable=False),
    )
    Table("counters", metadata, Column("name", key_text(32), primary_key=True), Column("value", Integer))
    return metadata


@pytest.fixture
async def open_database(metadata: MetaData, clock: FixedClock) -> AsyncIterator[OpenDatabase]:
    """Opens a database at a URL, as one process does: a pool and an outbox of its own, over the tables above."""
    async with AsyncExitStack() as stack:

        async def open_one(url: str) -> Database:
            engine = create_async_engine(url)
            async with engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
            await engine.dispose()
            database = Database(url, record=Outbox(metadata.tables["outbox"], clock).record)
            stack.push_async_callback(database.close)
            return database

        yield open_one


@pytest.fixture
async def database(database_url: str, open_database: OpenDatabase) -> Database:
    """One process's database, on SQLite and on MariaDB."""
    return await open_database(database_url)


@pytest.fixture
def make_event(clock: FixedClock) -> MakeEvent:
    """Makes events, each of a subject of its own; its arguments are what to change."""

    def make(**changes: object) -> Event:
        parts = {
            "id": new_id(),
            "type": "thing.done.v1",
            "source": "/things",
            "subject": new_id(),
            "sequence": 1,
            "time": clock.now(),
            "data": {"minutes": 60},
        }
        return Event(**{**parts, **changes})  # type: ignore[arg-type]

    return make
