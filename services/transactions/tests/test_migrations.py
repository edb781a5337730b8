"""The migrations lead to exactly the tables in use."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_kit import migrations
from skillsync_transactions.tables import metadata

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def differences(connection: Connection) -> list[object]:
    """What alembic would write into another migration; collations too, which it does not compare by itself."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[object] = [
        found for found in compare_metadata(context, metadata) if "alembic_version" not in str(found)
    ]
    if connection.dialect.name == "mysql":
        for table in metadata.sorted_tables:
            actual = {column["name"]: column["type"] for column in inspect(connection).get_columns(table.name)}
            for column in table.columns:
                wanted = column.type.compile(connection.dialect).partition("COLLATE ")[2]
                if wanted and getattr(actual[column.name], "collation", None) != wanted:
                    found.append((table.name, column.name, wanted))
    return found


async def test_the_migrated_schema_is_that_of_the_tables(migrated_url: str) -> None:
    engine = create_async_engine(migrated_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []


def test_migrating_again_does_nothing(migrated_url: str) -> None:
    assert migrations.upgrade(migrated_url, MIGRATIONS) == migrations.upgrade(migrated_url, MIGRATIONS)
