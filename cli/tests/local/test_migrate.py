"""Databases are made and migrated; a server that cannot be used is one clear line."""

import socket

import pytest

from skillsync.errors import Problem
from skillsync.local.migrate import migrate
from skillsync.options import read_database
from skillsync.paths import SERVICES, Paths
from skillsync_testing.mariadb import MariaDB


def test_sqlite_files_are_made_and_a_second_time_changes_nothing(paths: Paths) -> None:
    first: list[tuple[str, str]] = []
    migrate(read_database(""), paths, lambda service, revision: first.append((service, revision)))
    assert [service for service, _ in first] == list(SERVICES)
    assert {file.name for file in paths.databases.glob("*.sqlite")} == {f"{service}.sqlite" for service in SERVICES}
    second: list[tuple[str, str]] = []
    migrate(read_database(""), paths, lambda service, revision: second.append((service, revision)))
    assert second == first


def test_a_server_gets_its_databases(paths: Paths, mariadb_server: MariaDB) -> None:
    for service in SERVICES:
        mariadb_server.drop_database(f"skillsync_{service}")
    migrate(read_database(mariadb_server.server_url), paths, lambda service, revision: None)
    rows = mariadb_server.mysql(
        "SELECT schema_name, default_character_set_name FROM information_schema.schemata "
        "WHERE schema_name LIKE 'skillsync\\_%'"
    )
    assert dict(rows) == {f"skillsync_{service}": "utf8mb4" for service in SERVICES}
    for service in SERVICES:
        assert mariadb_server.mysql("SELECT version_num FROM alembic_version", f"skillsync_{service}")
        mariadb_server.drop_database(f"skillsync_{service}")


def test_a_server_that_refuses_the_user_is_named_without_the_password(paths: Paths, mariadb_server: MariaDB) -> None:
    database = read_database(f"mysql://skillsync:hunter2@127.0.0.1:{mariadb_server.port}")
    with pytest.raises(Problem, match=r"^DATABASE: the database server at .* refused the user 'skillsync'") as problem:
        migrate(database, paths, lambda service, revision: None)
    assert "hunter2" not in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_server_that_does_not_answer_is_named(paths: Paths) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    database = read_database(f"mysql://skillsync:hunter2@127.0.0.1:{port}")
    with pytest.raises(
        Problem, match=rf"^DATABASE: the database server at 127\.0\.0\.1:{port} .*is it running"
    ) as found:
        migrate(database, paths, lambda service, revision: None)
    assert "hunter2" not in str(found.value)
    assert "\n" not in str(found.value)
