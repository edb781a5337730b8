"""A private MariaDB: durable like the real one, small, and started from a copy of one template."""

import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Literal

from skillsync_testing.ports import HOST, is_open
from skillsync_testing.server import Server, ServerError, find_program

USER = "skillsync"
PASSWORD = "private"  # noqa: S105 - of a server that only listens on 127.0.0.1 and only lives as long as a test run
PACKAGE = "mariadb-server"
SERVER_PROGRAMS = ("mariadbd", "mysqld")

Isolation = Literal["READ-COMMITTED", "REPEATABLE-READ"]

# Small buffers make it start fast; the flush at each commit is what promises about crashes rest on, so it stays.
SMALL = (
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=8M",
    "--innodb-data-file-path=ibdata1:1M:autoextend",
    "--performance-schema=OFF",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=1M",
)


class MariaDB(Server):
    """MariaDB on 127.0.0.1 with one user who may do everything."""

    name = "mariadb"

    def __init__(self, directory: Path, isolation: Isolation = "REPEATABLE-READ") -> None:
        """`isolation` is what every connection has that asks for nothing else; the default is MariaDB's own."""
        super().__init__(directory)
        self.isolation = isolation

    @property
    def server_url(self) -> str:
        """The server without a database, as `make up DATABASE=…` takes it."""
        return f"mysql://{USER}:{PASSWORD}@{HOST}:{self.port}"

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database (it need not exist yet)."""
        return f"mysql+asyncmy://{USER}:{PASSWORD}@{HOST}:{self.port}/{database}"

    def start(self) -> None:
        """Make the data directory at the first start (a copy of the template), then start and wait."""
        self._prepare()
        super().start()

    def start_on_a_free_port(self) -> None:
        """As `start`, on another port when somebody took the chosen one."""
        self._prepare()
        super().start_on_a_free_port()

    def command(self) -> list[str]:
        """Return mariadbd with no configuration but these arguments."""
        return [
            find_program(*SERVER_PROGRAMS, package=PACKAGE),
            "--no-defaults",
            f"--user={_account_name()}",
            f"--datadir={self._data_directory}",
            f"--socket={self.directory / 'socket'}",
            f"--pid-file={self.directory / 'pid'}",
            f"--port={self.port}",
            f"--bind-address={HOST}",
            f"--init-file={self.directory / 'init.sql'}",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=1",
            f"--transaction-isolation={self.isolation}",
            "--max-connections=300",
            *SMALL,
        ]

    def is_ready(self) -> bool:
        """Tell whether our user can log in: the port opens a moment before the user exists."""
        return is_open(self.port) and self._client("SELECT 1").returncode == 0

    def create_database(self, name: str | None = None) -> str:
        """Create an empty utf8mb4 database, with a name nobody else has when none is given; return the name."""
        name = name or f"test_{uuid.uuid4().hex}"
        self.mysql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists."""
        self.mysql(f"DROP DATABASE IF EXISTS `{name}`")

    def mysql(self, sql: str, database: str | None = None, *, raw: bool = False) -> list[list[str]]:
        """Run statements with Debian's own client, and return rows of texts (NULL is "NULL").

        Backslashes, tabs and line ends in a text come escaped, unless it is to be `raw`. Raise ServerError with the
        client's message when a statement fails.
        """
        done = self._client(sql, database, *(["--raw"] if raw else []))
        if done.returncode != 0:
            raise ServerError(f"mariadb client: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    @property
    def _data_directory(self) -> Path:
        return self.directory / "data"

    def _prepare(self) -> None:
        if self._data_directory.exists():
            return
        shutil.copytree(_template(), self._data_directory)
        (self.directory / "init.sql").write_text(
            f"CREATE USER IF NOT EXISTS '{USER}'@'{HOST}' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'{HOST}' WITH GRANT OPTION;\n"
        )

    def _client(self, sql: str, database: str | None = None, *options: str) -> subprocess.CompletedProcess[str]:
        program = find_program("mariadb", "mysql", package=PACKAGE)
        arguments = ["--no-defaults", f"--host={HOST}", f"--port={self.port}", f"--user={USER}", "--batch"]
        return subprocess.run(  # noqa: S603 - the program is Debian's client, the statements are the tests' own
            [
                program,
                *arguments,
                *options,
                "--skip-column-names",
                "--default-character-set=utf8mb4",
                *filter(None, [database]),
            ],
            input=sql,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "MYSQL_PWD": PASSWORD},
        )


def _account_name() -> str:
    """Return the account to run as: mariadbd refuses to run as root unless told so by name."""
    return "root" if os.geteuid() == 0 else os.environ.get("USER", str(os.geteuid()))


def _template() -> Path:
    """Return a data directory as mariadb-install-db makes it, made once for each version of the server.

    Making takes a second or two and copying a few hundredths. It is made aside and renamed, so that two test runs that
    make it at once do not see each other's halves.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skillsync-testing"
    template = cache / f"mariadb-{server_version()}"
    if template.exists():
        return template
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="making-") as workplace:
        made = Path(workplace) / "data"
        _install_database(made)
        try:
            made.rename(template)
        except OSError:
            # Another run was faster; its template is as good.
            if not template.exists():
                raise
    return template


def _install_database(directory: Path) -> None:
    program = find_program("mariadb-install-db", "mysql_install_db", package=PACKAGE)
    command = [program, "--no-defaults", f"--user={_account_name()}", f"--datadir={directory}"]
    options = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", *SMALL]
    done = subprocess.run(  # noqa: S603 - Debian's own program
        [*command, *options], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ServerError(f"mariadb-install-db failed\n{done.stdout}\n{done.stderr}")


def server_version() -> str:
    """Return the version, such as `10.11.11-MariaDB-0+deb12u1`, fit for a file name."""
    program = find_program(*SERVER_PROGRAMS, package=PACKAGE)
    line = subprocess.run(  # noqa: S603 - Debian's own program
        [program, "--no-defaults", "--version"], capture_output=True, text=True, check=True
    ).stdout
    version = line.partition("Ver ")[2].split(" ")[0] or "unknown"
    return "".join(letter if letter.isalnum() or letter in ".+-" else "_" for letter in version)
