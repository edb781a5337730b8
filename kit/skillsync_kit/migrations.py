"""Migrations: brings one service's database to the newest revision of its `migrations` directory.

    python -m skillsync_kit.migrations --database-url URL --directory DIRECTORY

Run it as a task of its own before the service starts. Two at once are safe: the second waits for the first.
"""

import argparse
import asyncio
import importlib
import sys
from importlib import resources
from pathlib import Path
from typing import Any

from alembic import op
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Column, Connection, Integer, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from skillsync_kit.database import ID, LONG_TEXT, UtcDateTime, key_text, tls_context

__all__ = ["MigrationError", "create_messaging_tables_v1", "migrations_directory", "upgrade"]

_LOCK = "skillsync-migrations"
_LOCK_SECONDS = 60


class MigrationError(Exception):
    """The database could not be brought up to date; the message is one line that says why."""


def migrations_directory(package: str) -> Path:
    """Where a service's migrations lie: inside its package in a wheel, beside it in a checkout."""
    inside = Path(str(resources.files(importlib.import_module(package)))) / "migrations"
    return inside if inside.is_dir() else inside.parent.parent / "migrations"


def upgrade(database_url: str, directory: Path, ca: Path | None = None) -> str:
    """Bring the database to the newest revision and return its id. Does nothing when it is there already.

    `ca` demands TLS of a server that this file vouches for.

    Raises MigrationError with one line that a person can act on.
    """
    config = Config()
    config.set_main_option("script_location", str(resources.files("skillsync_kit") / "alembic"))
    config.set_main_option("version_locations", str(directory).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    scripts = ScriptDirectory.from_config(config)
    try:
        head = scripts.get_current_head()
        if head is None:
            raise MigrationError(f"There are no migrations in {directory}.")
        asyncio.run(_upgrade(_engine(database_url, ca), config, scripts, head))
    except (DBAPIError, OSError) as error:
        reason = getattr(error, "orig", None) or error
        raise MigrationError(f"The database cannot be migrated: {reason}") from error
    except CommandError as error:
        # Two heads, or a database that newer code has migrated.
        raise MigrationError(f"The migrations do not fit the database: {error}") from error
    return head


def create_messaging_tables_v1(*names: str) -> None:
    """For a service's first migrations: make these of the kit's tables as they were in the first release.

    A copy that never changes, apart from the tables in use: a later change to those is a migration of its own.
    """
    for name in names:
        op.create_table(name, *_MESSAGING_TABLES_V1[name](), mysql_charset="utf8mb4")
        for index, columns, unique in _MESSAGING_INDEXES_V1.get(name, ()):
            op.create_index(index, name, columns, unique=unique)


def _outbox_v1() -> list[Column[Any]]:
    return [
        Column("id", ID, primary_key=True),
        Column("type", key_text(128), nullable=False),
        Column("subject", key_text(64), nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("payload", LONG_TEXT, nullable=False),
        Column("traceparent", key_text(64)),
        Column("created_at", UtcDateTime, nullable=False),
        Column("claimed_until", UtcDateTime),
        Column("published_at", UtcDateTime),
        Column("attempts", Integer, nullable=False),
        Column("last_error", key_text(500)),
    ]


def _processed_messages_v1() -> list[Column[Any]]:
    return [
        Column("consumer", key_text(64), primary_key=True),
        Column("event_id", key_text(64), primary_key=True),
        Column("processed_at", UtcDateTime, nullable=False),
    ]


def _failed_messages_v1() -> list[Column[Any]]:
    return [
        Column("message_id", key_text(100), primary_key=True),
        Column("consumer", key_text(64), primary_key=True),
        Column("event_id", key_text(64)),
        Column("type", key_text(128)),
        Column("traceparent", key_text(64)),
        Column("reason", key_text(500), nullable=False),
        Column("receives", Integer, nullable=False),
        Column("failed_at", UtcDateTime, nullable=False),
    ]


def _idempotency_records_v1() -> list[Column[Any]]:
    return [
        Column("principal", key_text(64), primary_key=True),
        Column("method", key_text(8), primary_key=True),
        Column("key", key_text(255), primary_key=True),
        Column("fingerprint", key_text(64), nullable=False),
        Column("status", Integer),
        Column("headers", LONG_TEXT),
        Column("body", LONG_TEXT),
        Column("created_at", UtcDateTime, nullable=False),
    ]


_MESSAGING_TABLES_V1 = {
    "outbox": _outbox_v1,
    "processed_messages": _processed_messages_v1,
    "failed_messages": _failed_messages_v1,
    "idempotency_records": _idempotency_records_v1,
}
_MESSAGING_INDEXES_V1 = {
    "outbox": (
        ("outbox_pending", ["published_at", "claimed_until"], False),
        ("outbox_subject", ["subject", "sequence"], True),
    ),
    "idempotency_records": (("idempotency_records_age", ["created_at"], False),),
}


def _engine(database_url: str, ca: Path | None) -> AsyncEngine:
    is_sqlite = database_url.startswith("sqlite")
    options = {"timeout": _LOCK_SECONDS, "isolation_level": None} if is_sqlite else {"ssl": tls_context(ca)}
    try:
        return create_async_engine(database_url, poolclass=NullPool, connect_args=options)
    except (ArgumentError, InvalidRequestError, ImportError, ValueError) as error:
        raise MigrationError("The database URL cannot be read.") from error


async def _upgrade(engine: AsyncEngine, config: Config, scripts: ScriptDirectory, head: str) -> None:
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade_on, config, scripts, head)
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade_on(connection: Connection, config: Config, scripts: ScriptDirectory, head: str) -> None:
    if connection.dialect.name == "sqlite":
        # Everything is one transaction, which another migration waits for.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.execute(text("SELECT GET_LOCK(:name, :seconds)"), _lock()).scalar() != 1:
        raise MigrationError("Another migration is running and does not end.")
    if MigrationContext.configure(connection).get_current_revision() == head:
        return
    config.attributes["connection"] = connection
    with EnvironmentContext(config, scripts, fn=lambda revision, _: scripts._upgrade_revs("head", revision)):
        scripts.run_env()
    # The lock goes with the connection.


def _lock() -> dict[str, object]:
    return {"name": _LOCK, "seconds": _LOCK_SECONDS}


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--directory", required=True, type=Path)
    arguments = parser.parse_args()
    try:
        revision = upgrade(arguments.database_url, arguments.directory)
    except MigrationError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
    sys.stdout.write(f"at revision {revision}\n")


if __name__ == "__main__":
    main()
