"""The database: engines for MySQL, MariaDB and SQLite, column types that mean the same on each, and the unit of work.

A service does its writing inside `Database.run`: one transaction, committed once, begun again from the start when the
database asks for that. Reads that stand alone go through `Database.read`.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import stamina
from pydantic_core import from_json, to_json
from sqlalchemy import CHAR, DateTime, String, Text, event
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator

from skillsync_kit.errors import Unavailable
from skillsync_kit.events import Event
from skillsync_kit.failpoints import failpoint
from skillsync_kit.telemetry import log

__all__ = ["ID", "LONG_TEXT", "ChangedMeanwhile", "Database", "UnitOfWork", "UtcDateTime", "key_text", "tls_context"]

Result = TypeVar("Result")

_MYSQL = ("mysql", "mariadb")
# Deadlock, lock wait timeout, and MariaDB's snapshot conflict (from 11.8): begin again from the start.
_BEGIN_AGAIN = frozenset({1213, 1205, 1020})
_LOCK_WAIT_SECONDS = 5
_ATTEMPTS = 8
# A server that has gone without a word (its machine died, the network swallows) answers no statement, ever.
_LONGEST_SECONDS = 10.0

ID = CHAR(36).with_variant(mysql.CHAR(36, charset="ascii", collation="ascii_bin"), *_MYSQL)
"""A canonical UUID. Binary collation: MySQL's default one takes 'ABC' and 'abc' for equal.

Blanks at an end are passed over all the same: compare only what was checked to be an id.
"""

LONG_TEXT = Text().with_variant(mysql.MEDIUMTEXT(), *_MYSQL)
"""Text of up to 16 MB."""


class _ByteText(mysql.VARCHAR):
    """VARCHAR compared byte by byte. utf8mb4_bin would not do: it passes over trailing blanks."""


@compiles(_ByteText, *_MYSQL)
def _name_byte_text(kind: _ByteText, compiler: Any, **_: Any) -> str:
    # MariaDB and MySQL (from 8.0.17) have the same collation under different names.
    collation = "utf8mb4_nopad_bin" if compiler.dialect.is_mariadb else "utf8mb4_0900_bin"
    return f"VARCHAR({kind.length}) CHARACTER SET utf8mb4 COLLATE {collation}"


def key_text(length: int) -> String:
    """Short text that is compared byte by byte on every database; for keys, states and names of kinds."""
    return String(length).with_variant(_ByteText(length), *_MYSQL)


class ChangedMeanwhile(Exception):
    """A compare-and-set found another version than was read: another commit was first. The unit begins again."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC, in microseconds; kept as DATETIME(6) on MySQL and as ISO text on SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MySQL's DATETIME keeps whole seconds unless told otherwise."""
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name in _MYSQL else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware in, naive UTC to the database."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Naive UTC from the database, aware out."""
        return None if value is None else value.replace(tzinfo=UTC)


class UnitOfWork:
    """One open transaction: its connection, and the events that go out with it."""

    __slots__ = ("connection", "events")

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.events: list[Event] = []

    def publish(self, *events: Event) -> None:
        """Let these events go out when, and only when, the transaction commits."""
        self.events.extend(events)


class Database:
    """One service's database.

    `record` writes a unit's events to the outbox just before the commit; `committed` is called after a commit that had
    any. A service without an outbox gives neither, and a unit of its own that publishes is an error.
    """

    def __init__(
        self,
        url: str,
        *,
        ca: Path | None = None,
        pool_size: int = 8,
        record: Callable[[UnitOfWork], Awaitable[None]] | None = None,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._record = record
        self._committed = committed
        if url.startswith("sqlite"):
            # SQLite has one writer: in a pool of one this process's writers queue instead of spinning on a lock.
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1)
            self._reader = _sqlite_engine(url, begin="BEGIN", pool_size=pool_size)
            _make_read_only(self._reader, "PRAGMA query_only=ON")
        else:
            # The unit of work ends each transaction itself: a ROLLBACK at every return to the pool would undo nothing.
            self._writer = _mysql_engine(url, pool_size, ca, pool_reset_on_return=None)
            # A read is one statement: in autocommit it opens no transaction that a ROLLBACK would have to end.
            self._reader = _mysql_engine(
                url, pool_size, ca, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True
            )
            _make_read_only(self._reader, "SET SESSION TRANSACTION READ ONLY")

    @property
    def supports_skip_locked(self) -> bool:
        """Whether rows that others have locked can be passed over."""
        return self._writer.dialect.name in _MYSQL

    async def run(
        self, work: Callable[[UnitOfWork], Awaitable[Result]], *, at_most_seconds: float = _LONGEST_SECONDS
    ) -> Result:
        """Do `work` in one transaction and commit it; the only place that commits.

        `work` is begun again from the start after a deadlock, a lock wait or ChangedMeanwhile, so it must have no
        effect outside the transaction. Raises Unavailable when the database still refuses after that many attempts, or
        when one of them takes longer than `at_most_seconds`.
        """
        try:
            try:
                result, has_events = await self._attempt(work, at_most_seconds)
            except Exception as error:
                if not _should_begin_again(error):
                    raise
                result, has_events = await self._begin_again(work, at_most_seconds)
        except (DBAPIError, PoolTimeoutError, ChangedMeanwhile) as error:
            raise _as_failure(error) from error
        if has_events:
            failpoint("after-commit")
            self._committed()
        return result

    async def _attempt(
        self, work: Callable[[UnitOfWork], Awaitable[Result]], at_most_seconds: float
    ) -> tuple[Result, bool]:
        """Do the work once. Its result, and whether events were committed with it."""
        async with _within(at_most_seconds), _connected(self._writer) as connection:
            unit = UnitOfWork(connection)
            result = await work(unit)
            if unit.events:
                if self._record is None:
                    raise RuntimeError("this database has no outbox: the unit may not publish")
                await self._record(unit)
            await connection.commit()
        return result, bool(unit.events)

    async def _begin_again(
        self, work: Callable[[UnitOfWork], Awaitable[Result]], at_most_seconds: float
    ) -> tuple[Result, bool]:
        async for attempt in stamina.retry_context(
            on=_should_begin_again,
            attempts=_ATTEMPTS - 1,
            timeout=20,
            wait_initial=0.01,
            wait_max=0.5,
            wait_jitter=0.1,
        ):
            with attempt:
                done = await self._attempt(work, at_most_seconds)
        return done

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with, which refuses to write; each statement sees what is committed when it begins."""
        try:
            async with _within(_LONGEST_SECONDS), _connected(self._reader) as connection:
                yield connection
        except (DBAPIError, PoolTimeoutError) as error:
            raise _as_failure(error) from error

    async def warm(self) -> None:
        """Open a connection, so that the first request need not. Raises Unavailable."""
        async with self.read() as connection:
            await connection.exec_driver_sql("SELECT 1")

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._writer.dispose()
        await self._reader.dispose()


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Raise Unavailable when what is done inside takes longer; the driver then closes its connection by itself."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        log.warning("database does not answer", seconds=seconds)
        raise Unavailable("The database does not answer; try again shortly.") from error


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool, whose open transaction is rolled back when an exception passes.

    As SQLAlchemy's own context manager, but without a task for the close when all went well, which waits for nothing.
    """
    try:
        connection = await engine.connect()
    except (DBAPIError, PoolTimeoutError):
        raise
    except Exception as error:
        # A server that goes away in the middle of a handshake trips the driver in ways of its own.
        log.warning("database cannot be reached", error=type(error).__name__)
        raise Unavailable("The database does not answer; try again shortly.") from error
    try:
        yield connection
    except BaseException:
        # Somebody who is cancelled must not leave half a rollback behind.
        await asyncio.shield(asyncio.ensure_future(connection.close()))
        raise
    await connection.close()


def _write_json(value: Any) -> str:
    return to_json(value).decode()


def tls_context(ca: Path | None) -> ssl.SSLContext | None:
    """Demand TLS of a server that this file or a public authority vouches for; None without a file."""
    if ca is None:
        return None
    context = ssl.create_default_context()  # a proxy of RDS has a public certificate
    context.load_verify_locations(ca)
    return context


def _mysql_engine(url: str, pool_size: int, ca: Path | None, **more: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        **more,
        # A log line may hold an error's text; never what people wrote.
        hide_parameters=True,
        json_serializer=_write_json,
        json_deserializer=from_json,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=False,
        pool_recycle=1800,
        connect_args={
            "charset": "utf8mb4",
            "connect_timeout": 5,
            "ssl": tls_context(ca),
            "init_command": f"SET SESSION innodb_lock_wait_timeout={_LOCK_WAIT_SECONDS}, time_zone='+00:00'",
        },
    )


def _sqlite_engine(url: str, *, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        hide_parameters=True,
        json_serializer=_write_json,
        json_deserializer=from_json,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=20,
        connect_args={"timeout": 20, "isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        # A transaction that reads first and then writes fails at once when another wrote between, whatever the timeout.
        connection.exec_driver_sql(begin)

    return engine


def _make_read_only(engine: AsyncEngine, statement: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def refuse_writing(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()


def _should_begin_again(error: Exception) -> bool:
    if isinstance(error, ChangedMeanwhile):
        return True
    if not isinstance(error, DBAPIError):
        return False
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    return bool(arguments) and (arguments[0] in _BEGIN_AGAIN or "database is locked" in str(error.orig))


def _is_refused_write(error: Exception) -> bool:
    reason = str(getattr(error, "orig", ""))
    return "READ ONLY transaction" in reason or "readonly database" in reason


def _as_failure(error: Exception) -> Exception:
    """What the caller is told: a lost or overloaded database is 503; a mistake of ours stays what it is."""
    is_theirs = (
        not isinstance(error, DBAPIError)
        or error.connection_invalidated
        or isinstance(error, OperationalError)
        or _should_begin_again(error)
    )
    if not is_theirs or _is_refused_write(error):
        return error
    log.warning("database refuses", error=type(error).__name__, reason=str(getattr(error, "orig", ""))[:200])
    return Unavailable("The database does not answer; try again shortly.")
