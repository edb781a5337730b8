"""The job before a release: it makes a database, a user who may change rows and no schema, and migrates."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncmy
import pytest
from asyncmy.errors import MySQLError
from pydantic import SecretStr

from skillsync_kit.migrations import MigrationError
from skillsync_kit.preparation import PreparationSettings, prepare
from skillsync_testing import MariaDB
from skillsync_testing.mariadb import PASSWORD, USER

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0001", None, None, None

def upgrade():
    op.create_table("things", sa.Column("id", sa.Integer, primary_key=True))
"""


def chosen(server: MariaDB, administrator_password: str = PASSWORD) -> PreparationSettings:
    return PreparationSettings(
        database_url=f"mysql+asyncmy://127.0.0.1:{server.port}/skillsync_prepared",
        database_user="prepared",
        database_password=SecretStr("own'pass%word"),
        administrator_user=USER,
        administrator_password=SecretStr(administrator_password),
    )


async def as_service(server: MariaDB, statement: str) -> None:
    connection = await asyncmy.connect(
        host="127.0.0.1",
        port=server.port,
        user="prepared",
        password="own'pass%word",  # noqa: S106 - of this test
        db="skillsync_prepared",
    )
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(statement)
    finally:
        connection.close()


@pytest.fixture
def server(mariadb_server: MariaDB) -> Iterator[MariaDB]:
    """The server, which has no more databases afterwards than before."""
    yield mariadb_server
    mariadb_server.drop_database("skillsync_prepared")


def test_the_services_user_may_change_rows_and_no_schema(server: MariaDB, tmp_path: Path) -> None:
    (tmp_path / "0001.py").write_text(MIGRATION)
    for _ in range(2):  # the second finds all there
        assert prepare(chosen(server), tmp_path) == "0001"
    for allowed in (
        "INSERT INTO things VALUES (1)",
        "UPDATE things SET id = 2",
        "SELECT 1 FROM things",
        "DELETE FROM things",
    ):
        asyncio.run(as_service(server, allowed))
    for refused in ("DROP TABLE things", "CREATE TABLE more (id INT)", "ALTER TABLE things ADD COLUMN more INT"):
        with pytest.raises(MySQLError, match="denied"):
            asyncio.run(as_service(server, refused))


def test_a_wrong_administrator_is_one_line_without_the_password(mariadb_server: MariaDB, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="could not be made: Access denied") as refused:
        prepare(chosen(mariadb_server, "wrong-secret"), tmp_path)
    assert "wrong-secret" not in str(refused.value)
