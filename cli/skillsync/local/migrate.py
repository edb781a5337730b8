"""Bring the database of every service to its newest schema; on a server, make the databases first."""

import os
import sys
from collections.abc import Callable

from skillsync.errors import Problem
from skillsync.options import Database, Server, read_database
from skillsync.paths import SERVICES, Paths, find_paths

ACCESS_DENIED = (1044, 1045, 1698)
CONNECT_SECONDS = 5
MEND = "is it running, and are host and port right?"


def migrate(database: Database, paths: Paths, report: Callable[[str, str], None]) -> None:
    """Migrate all; `report` is told each service and the revision it is at now. Raises Problem."""
    # Alembic takes most of a second to import.
    from skillsync_kit.migrations import MigrationError, upgrade  # noqa: PLC0415

    if database.server is not None:
        _make_databases(database.server)
    for service in SERVICES:
        try:
            revision = upgrade(database.url(service, paths.databases), paths.migrations(service))
        except MigrationError as error:
            raise Problem(f"The database of {service} could not be migrated: {error}") from None
        report(service, revision)


def _make_databases(server: Server) -> None:
    import asyncio  # noqa: PLC0415

    asyncio.run(_make_databases_async(server))


async def _make_databases_async(server: Server) -> None:
    import asyncmy  # noqa: PLC0415
    from asyncmy.errors import MySQLError  # noqa: PLC0415

    where = f"the database server at {server.host}:{server.port}"
    try:
        connection = await asyncmy.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            connect_timeout=CONNECT_SECONDS,
        )
        async with connection.cursor() as cursor:
            await cursor.execute("SHOW DATABASES LIKE 'skillsync\\_%'")
            existing = {name for (name,) in await cursor.fetchall()}
            for name in (f"skillsync_{service}" for service in SERVICES):
                if name not in existing:
                    await cursor.execute(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4")
        connection.close()
    except MySQLError as error:
        number = error.args[0] if error.args else 0
        if number in ACCESS_DENIED:
            raise Problem(
                f"DATABASE: {where} refused the user '{server.user}': check user and password, and that this user may "
                "create the databases skillsync_users, _transactions, _notifications and _analytics."
            ) from None
        reason = error.args[1] if len(error.args) > 1 else error
        raise Problem(f"DATABASE: {where} cannot be used ({reason}): {MEND}") from None
    except (OSError, TimeoutError) as error:
        raise Problem(f"DATABASE: {where} does not answer ({error}): {MEND}") from None


def main() -> None:
    """The step of `up`: DATABASE from the environment, so that a password is never an argument."""
    try:
        migrate(read_database(os.environ.get("DATABASE", "")), find_paths(), lambda service, revision: None)
    except Problem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
