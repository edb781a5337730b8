"""The migrations lead to exactly the tables in use."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_kit import migrations
from skillsync_users.tables import metadata

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def differences(connection: Connection) -> list[object]:
    """What alembic would write into another migration."""
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


async def test_the_migrated_schema_is_that_of_the_tables(migrated_url: str) -> None:
    engine = create_async_engine(migrated_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert [difference for difference in found if "alembic_version" not in str(difference)] == []


def test_migrating_again_does_nothing(migrated_url: str) -> None:
    assert migrations.upgrade(migrated_url, MIGRATIONS) == "0008"
