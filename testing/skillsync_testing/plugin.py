"""The fixtures. Servers start at their first use and live for the session; databases are fresh.

| Fixture | Scope | Gives |
|---|---|---|
| `mariadb_server`, `redis_server`, `emulator` | session | a running server |
| `make_database` | session | a function from `"sqlite"` or `"mariadb"` to the URL of a fresh, empty database |
| `database_url` | test | that URL; the test runs once on each of the two |
| `module_database_url` | module | the same, one database shared by the module's tests |
| `cache_url` | test | `mem://`, then the Redis server, emptied before the test |
"""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Literal, TypeVar

import pytest

from skillsync_testing import scheduling
from skillsync_testing.emulator import Emulator
from skillsync_testing.mariadb import MariaDB
from skillsync_testing.redis import Redis
from skillsync_testing.server import Server

DatabaseKind = Literal["sqlite", "mariadb"]
MakeDatabase = Callable[[DatabaseKind], str]
COSTLY = pytest.StashKey[scheduling.Costly]()
AnyServer = TypeVar("AnyServer", bound=Server)


def run(kind: type[AnyServer]) -> Iterator[AnyServer]:
    """Run a server in a directory of its own until the caller is done; then stop it and delete the directory."""
    # Not pytest's own directories: it keeps those of three sessions, and a path of a socket must be short.
    directory = Path(tempfile.mkdtemp(prefix=f"skillsync-{kind.name}-"))
    server = kind(directory)
    try:
        server.start_on_a_free_port()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In one of several processes, what takes longest comes first."""
    if hasattr(config, "workerinput"):
        scheduling.order(items)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """In one of several processes, remember what costs much."""
    result = yield
    if hasattr(request.config, "workerinput"):
        request.config.stash.setdefault(COSTLY, scheduling.Costly()).begun(fixturedef, request)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """End it with the last test that needs it."""
    result = yield
    if costly := item.config.stash.get(COSTLY, None):
        costly.finish(item, nextitem)
    return result


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """What runs in one process when several share the tests."""
    return scheduling.scheduler(config, log)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    """A private MariaDB, durable at each commit."""
    yield from run(MariaDB)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A private Redis."""
    yield from run(Redis)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """A private local cloud, empty at the session's start."""
    yield from run(Emulator)


@pytest.fixture(scope="session")
def make_database(request: pytest.FixtureRequest) -> Iterator[MakeDatabase]:
    """A function that makes an empty database and returns its URL; all are gone at the session's end."""
    directory = Path(tempfile.mkdtemp(prefix="skillsync-databases-"))
    numbers = itertools.count(1)

    def make(kind: DatabaseKind) -> str:
        if kind == "sqlite":
            return f"sqlite+aiosqlite:///{directory}/{next(numbers)}.sqlite"
        server: MariaDB = request.getfixturevalue("mariadb_server")
        return server.url(server.create_database())

    yield make
    shutil.rmtree(directory, ignore_errors=True)


def _database(kind: DatabaseKind, request: pytest.FixtureRequest) -> Iterator[str]:
    make: MakeDatabase = request.getfixturevalue("make_database")
    if kind == "sqlite":
        yield make(kind)
        return
    server: MariaDB = request.getfixturevalue("mariadb_server")
    url = make(kind)
    yield url
    server.drop_database(url.rpartition("/")[2])


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database of this test's own; the test runs on SQLite, then on MariaDB."""
    yield from _database(request.param, request)


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def module_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database that the module's tests share; the module runs on SQLite, then on MariaDB."""
    yield from _database(request.param, request)


@pytest.fixture(params=["memory", "redis"])
def cache_url(request: pytest.FixtureRequest) -> str:
    """The URL of a cache; the test runs on the in-process one, then on an emptied Redis."""
    if request.param == "memory":
        return "mem://"
    server: Redis = request.getfixturevalue("redis_server")
    server.flush()
    return server.url
