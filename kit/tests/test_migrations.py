"""Migrations: to the newest revision, once, also when two run at once; and one clear line when that fails."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from skillsync_kit import migrations
from skillsync_kit.migrations import MigrationError, upgrade
from skillsync_testing import free_port

FIRST = """
import time
import sqlalchemy as sa
from alembic import op
from skillsync_kit.migrations import create_messaging_tables_v1

revision = "{revision}"
down_revision = {down}
branch_labels = depends_on = None

def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))
    {more}
"""


def write(directory: Path, revision: str, down: str | None, table: str, more: str = "pass") -> None:
    directory.mkdir(exist_ok=True)
    source = FIRST.format(revision=revision, down=repr(down), table=table, more=more)
    (directory / f"{revision}.py").write_text(source)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    # A per cent sign and a blank: neither may be taken for a placeholder or an end.
    directory = tmp_path / "100% of migrations"
    write(directory, "0001", None, "things", 'create_messaging_tables_v1("outbox", "processed_messages")')
    return directory


def sync(url: str) -> str:
    return url.replace("+aiosqlite", "")


def tables(url: str) -> set[str]:
    engine = create_engine(sync(url))
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def run(url: str, directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "skillsync_kit.migrations", "--database-url", url, "--directory", str(directory)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603


def test_it_goes_to_the_newest_revision_and_a_second_time_does_nothing(database_url: str, directory: Path) -> None:
    assert upgrade(database_url, directory) == "0001"
    assert upgrade(database_url, directory) == "0001"
    write(directory, "0002", "0001", "more_things")
    assert upgrade(database_url, directory) == "0002"
    assert upgrade(database_url, directory) == "0002"


def test_it_makes_the_tables_and_nothing_else(make_database: Callable[[str], str], directory: Path) -> None:
    url = make_database("sqlite")
    upgrade(url, directory)
    assert tables(url) == {"things", "outbox", "processed_messages", "alembic_version"}


def test_several_at_once_wait_for_each_other(database_url: str, directory: Path) -> None:
    # Slow, so that they do meet.
    write(directory, "0002", "0001", "slow_things", more="time.sleep(0.5)")
    runs = [run(database_url, directory) for _ in range(3)]
    for each in runs:
        out, errors = each.communicate(timeout=60)
        assert (each.returncode, out) == (0, "at revision 0002\n"), errors


def test_one_that_fails_can_be_mended_and_run_again(make_database: Callable[[str], str], directory: Path) -> None:
    url = make_database("sqlite")
    write(directory, "0002", "0001", "half", more='op.execute("SELECT nonsense")')
    with pytest.raises(MigrationError, match="nonsense"):
        upgrade(url, directory)
    assert "half" not in tables(url)
    write(directory, "0002", "0001", "half")
    assert upgrade(url, directory) == "0002"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "foo://x/y",
        "mysql://user:secret@127.0.0.1/x",
        "sqlite:///x.sqlite",
        "mysql+asyncmy://user:secret@127.0.0.1:port/x",
        "postgresql+psycopg2://user:secret@127.0.0.1/x",
        "mysql+nonsense://user:secret@127.0.0.1/x",
    ],
)
def test_a_url_that_cannot_be_used_is_one_line(url: str, directory: Path) -> None:
    with pytest.raises(MigrationError, match=r"^The database URL cannot be read\.$"):
        upgrade(url, directory)


def test_a_database_that_cannot_be_reached_is_one_line_without_the_password(directory: Path) -> None:
    done = run(f"mysql+asyncmy://user:secret@127.0.0.1:{free_port()}/things", directory)
    out, errors = done.communicate(timeout=60)
    assert (done.returncode, out) == (1, "")
    [line] = errors.splitlines()
    assert line.startswith("The database cannot be migrated: ")
    assert "secret" not in line
    with pytest.raises(MigrationError, match="unable to open database file"):
        upgrade("sqlite+aiosqlite:////no/such/directory/x.sqlite", directory)


def test_a_directory_without_migrations_is_one_line(make_database: Callable[[str], str], tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="There are no migrations in"):
        upgrade(make_database("sqlite"), tmp_path / "empty")


def test_a_database_that_newer_code_has_migrated_is_one_line(
    make_database: Callable[[str], str], directory: Path
) -> None:
    url = make_database("sqlite")
    upgrade(url, directory)
    engine = create_engine(sync(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    engine.dispose()
    with pytest.raises(MigrationError, match="0099"):
        upgrade(url, directory)


def test_two_heads_are_one_line(make_database: Callable[[str], str], directory: Path) -> None:
    write(directory, "0002", "0001", "a")
    write(directory, "0003", "0001", "b")
    with pytest.raises(MigrationError, match="multiple heads"):
        upgrade(make_database("sqlite"), directory)


def test_the_migrations_of_a_service_in_a_checkout_lie_beside_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "skillsync_example"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert migrations.migrations_directory("skillsync_example") == tmp_path / "migrations"
    (package / "migrations").mkdir()
    assert migrations.migrations_directory("skillsync_example") == package / "migrations"
