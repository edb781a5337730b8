"""Everything that runs while the bench does: database, stubs, servers, load generator, floor. Stopped at the end."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import client
from bench.client import HttpJob
from bench.database import BenchMariaDB, fill, migrate
from bench.load import Floor, HttpImplementation, Implementation
from bench.peers import floor
from bench.people import Person, make_people
from bench.servers import HttpServer, Stubs
from bench.workers import Worker
from skillsync_kit.testing import UserPool

__all__ = ["FLOOR", "NAMES", "SERVICE", "Stage", "stage"]

SERVICE, FLOOR = "service", "floor"
_MODULES = {SERVICE: "bench.service", "orm": "bench.peers.orm", "handwritten": "bench.peers.handwritten"}
NAMES = (*_MODULES, FLOOR)


@dataclass(frozen=True)
class Stage:
    """What is ready for load."""

    database: BenchMariaDB
    people: Sequence[Person]
    servers: dict[str, HttpServer]
    implementations: Sequence[Implementation]

    def database_of(self, name: str) -> str:
        """The name of an implementation's database."""
        return _database_of(name)


@contextmanager
def stage(
    names: Sequence[str], people_count: int, progress: Callable[[str], None], *, profile: Path | None = None
) -> Iterator[Stage]:
    """Start what these implementations need, over databases with the same past. Raises ServerError."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(_temporary_directory()))
        pool = UserPool()
        progress("signing tokens")
        people = make_people(pool, people_count)
        progress("starting MariaDB and filling its databases")
        database = BenchMariaDB(_made(directory / "mariadb"))
        database.start_on_a_free_port()
        stack.callback(database.stop)
        # The driver tells of each warning of the server; here they are of the tables' making alone.
        logging.getLogger("asyncmy").setLevel(logging.ERROR)
        databases = [_database_of(name) for name in names]
        for name in databases:
            migrate(database, name)
        fill(database, databases, people)
        progress("starting servers")
        stubs = Stubs(_made(directory / "stubs"), pool)
        _start(stubs, stack)
        generator: Worker[HttpJob] = Worker("load", client.run)
        stack.callback(generator.stop)
        servers: dict[str, HttpServer] = {}
        implementations: list[Implementation] = []
        for name in names:
            url = database.url(_database_of(name))
            if name == FLOOR:
                worker = Worker(FLOOR, floor.run)
                stack.callback(worker.stop)
                implementations.append(Floor(FLOOR, url, worker))
                continue
            server = HttpServer(
                _made(directory / name), name, _MODULES[name], database_url=url, stubs=stubs, profile=profile
            )
            _start(server, stack)
            servers[name] = server
            implementations.append(HttpImplementation(name, server.pid, server.port, generator))
        yield Stage(database, people, servers, implementations)


def _start(server: Any, stack: ExitStack) -> None:
    server.start_on_a_free_port()
    stack.callback(server.stop)


def _database_of(name: str) -> str:
    return f"bench_{name}"


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


@contextmanager
def _temporary_directory() -> Iterator[str]:
    directory = tempfile.mkdtemp(prefix="skillsync-bench-")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
