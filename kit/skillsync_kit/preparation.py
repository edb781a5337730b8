"""The job that stands before a release on AWS: a service's database, its user, and the newest schema.

    python -m skillsync_kit.preparation skillsync_<service>

It alone signs in as the database's administrator. The service's own user may read and write rows and change no schema.
Run again it does what is missing; a password that was rotated meanwhile is left as it is.
"""

import asyncio
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncmy
from asyncmy.errors import MySQLError
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from skillsync_kit import settings
from skillsync_kit.database import tls_context
from skillsync_kit.migrations import MigrationError, migrations_directory, upgrade
from skillsync_kit.settings import with_credentials

__all__ = ["PreparationSettings", "prepare"]

_CONNECT_SECONDS = 10
_NAME = re.compile(r"[a-z_]{1,64}")


class PreparationSettings(BaseSettings):
    """The database's URL without anybody's credentials, and those of the service's user and of the administrator."""

    model_config = SettingsConfigDict(env_prefix="SKILLSYNC_", extra="ignore", frozen=True)

    database_url: str = Field(pattern=r"^mysql\+asyncmy://[^@/]+/[a-z_]{1,64}$")
    database_ca: Path | None = None
    database_user: str = Field(pattern=r"^[a-z_]{1,32}$")
    database_password: SecretStr
    administrator_user: str
    administrator_password: SecretStr


def prepare(chosen: PreparationSettings, directory: Path) -> str:
    """Make what is missing and return the schema's revision.

    Raises MigrationError with one line that a person can act on.
    """
    try:
        asyncio.run(_make_database_and_user(chosen))
    except (MySQLError, OSError, TimeoutError) as error:
        reason = error.args[1] if isinstance(error, MySQLError) and len(error.args) > 1 else type(error).__name__
        raise MigrationError(f"The database and its user could not be made: {reason}") from None
    url = with_credentials(chosen.database_url, chosen.administrator_user, chosen.administrator_password)
    return upgrade(url, directory, chosen.database_ca)


async def _make_database_and_user(chosen: PreparationSettings) -> None:
    at = urlsplit(chosen.database_url)
    name = at.path.removeprefix("/")
    connection = await asyncmy.connect(
        host=at.hostname,
        port=at.port or 3306,
        user=chosen.administrator_user,
        password=chosen.administrator_password.get_secret_value(),
        connect_timeout=_CONNECT_SECONDS,
        ssl=tls_context(chosen.database_ca),
    )
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
            user = chosen.database_user
            await cursor.execute(
                f"CREATE USER IF NOT EXISTS '{user}'@'%%' IDENTIFIED BY %s"
                + (" REQUIRE SSL" if chosen.database_ca is not None else ""),
                (chosen.database_password.get_secret_value(),),
            )
            await cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{name}`.* TO '{user}'@'%'")
    finally:
        connection.close()


def main() -> None:
    """The command line of this module."""
    if len(sys.argv) != 2 or not _NAME.fullmatch(sys.argv[1]):
        sys.stderr.write("say whose database to prepare: python -m skillsync_kit.preparation skillsync_<service>\n")
        raise SystemExit(2)
    chosen = settings.load(PreparationSettings)
    try:
        revision = prepare(chosen, migrations_directory(sys.argv[1]))
    except MigrationError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
    sys.stdout.write(f"at revision {revision}\n")


if __name__ == "__main__":
    main()
