"""What `up` and `migrate` may be told: port, database, cache, AWS endpoint, workers. Wrong values end in one line."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

from skillsync.errors import Problem

DATABASE_FORM = "mysql://user:password@host:port"
DEFAULT_PORT = 8080


@dataclass(frozen=True)
class Server:
    """A MySQL or MariaDB server. The password never shows in a representation."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Database:
    """SQLite files, or one database per service on a server; `text` is what it was read from, password included."""

    server: Server | None = None
    text: str = field(default="", repr=False)

    @property
    def kind(self) -> str:
        return "mysql" if self.server else "sqlite"

    def url(self, service: str, directory: Path) -> str:
        """SQLAlchemy's URL of a service's database; `directory` (absolute) holds the SQLite files."""
        if self.server is None:
            return f"sqlite+aiosqlite:///{directory / service}.sqlite"
        server = self.server
        credentials = f"{quote(server.user, safe='')}:{quote(server.password, safe='')}"
        return f"mysql+asyncmy://{credentials}@{server.host}:{server.port}/skillsync_{service}"


@dataclass(frozen=True)
class Options:
    """`endpoint` None means: start the emulator. `cache` is mem:// or redis://host:port/number."""

    port: int
    database: Database
    cache: str = field(repr=False)
    endpoint: str | None
    separate_workers: bool


def read_options(port: str, database: str, cache: str, endpoint: str, workers: str) -> Options:
    """Raises Problem on the first value that cannot be right. Empty text means: the default."""
    return Options(
        port=read_port(port),
        database=read_database(database),
        cache=read_cache(cache),
        endpoint=read_endpoint(endpoint),
        separate_workers=read_workers(workers),
    )


def read_port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise Problem(f"PORT={text} is not a port: give a number from 1 to 65535, as in PORT=8081.")


def read_database(text: str) -> Database:
    if text in ("", "sqlite"):
        return Database()
    parts = split(text, "DATABASE", DATABASE_FORM)
    if parts.scheme not in ("mysql", "mariadb"):
        raise Problem(
            f"DATABASE: the scheme '{parts.scheme}' is unknown: give {DATABASE_FORM}, or leave it out (SQLite)."
        )
    if not parts.hostname or not parts.username:
        raise Problem(f"DATABASE names no host or no user: give {DATABASE_FORM}.")
    if parts.path not in ("", "/") or parts.query:
        raise Problem(f"DATABASE is a server, its databases are made: give {DATABASE_FORM} with nothing behind it.")
    password = unquote(parts.password or "")
    return Database(Server(parts.hostname, parts.port or 3306, unquote(parts.username), password), text)


def read_cache(text: str) -> str:
    if text in ("", "mem://"):
        return "mem://"
    parts = split(text, "CACHE", "redis://host:port/0")
    if parts.scheme != "redis" or not parts.hostname:
        raise Problem("CACHE is neither mem:// nor a Redis server: give redis://host:port/0, or leave it out.")
    return text


def read_endpoint(text: str) -> str | None:
    if not text:
        return None
    parts = split(text, "AWS_ENDPOINT_URL", "http://host:port")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Problem(
            "AWS_ENDPOINT_URL is no address: give http://host:port, or leave it out (the emulator is started)."
        )
    return text.rstrip("/")


def read_workers(text: str) -> bool:
    if text in ("", "together"):
        return False
    if text == "separate":
        return True
    raise Problem(f"WORKERS={text} is unknown: say WORKERS=separate, or leave it out (together with the API).")


def split(text: str, variable: str, form: str) -> SplitResult:
    """urlsplit that reads the port too, since a wrong one is only found then; never repeats the text (passwords)."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        parts = None
    if parts is None or "://" not in text:
        raise Problem(f"{variable} cannot be read: give {form}.")
    return parts
