"""Options read from text: right ones, and one clear line for wrong ones."""

from pathlib import Path

import pytest

from skillsync.errors import Problem
from skillsync.options import read_cache, read_database, read_endpoint, read_options, read_port, read_workers


def test_nothing_said_means_the_defaults() -> None:
    options = read_options("", "", "", "", "")
    assert (options.port, options.cache, options.endpoint, options.separate_workers) == (8080, "mem://", None, False)
    assert options.database.kind == "sqlite"
    assert options.database.url("users", Path("/state/database")) == "sqlite+aiosqlite:////state/database/users.sqlite"


def test_a_server_gets_a_database_per_service() -> None:
    database = read_database("mysql://ana:p%40ss%2Fword@127.0.0.1:3307")
    assert database.kind == "mysql"
    assert database.url("users", Path("/unused")) == "mysql+asyncmy://ana:p%40ss%2Fword@127.0.0.1:3307/skillsync_users"


def test_a_server_without_a_port_has_the_usual_one() -> None:
    server = read_database("mysql://ana:word@database.example").server
    assert server is not None
    assert (server.host, server.port, server.password) == ("database.example", 3306, "word")


def test_no_representation_shows_a_password() -> None:
    options = read_options("", "mysql://ana:hunter2@127.0.0.1", "redis://:hunter2@127.0.0.1:6379/0", "", "")
    assert "hunter2" not in repr(options)


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1", "80 80", "²"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Problem, match=r"is not a port: give a number from 1 to 65535"):
        read_port(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("postgres://ana:hunter2@127.0.0.1:5432", "the scheme 'postgres' is unknown"),
        ("127.0.0.1:3306", "cannot be read"),
        ("mysql://127.0.0.1:3306", "names no host or no user"),
        ("mysql://ana:hunter2@", "names no host or no user"),
        ("mysql://ana:hunter2@127.0.0.1:port", "cannot be read"),
        ("mysql://ana:hunter2@127.0.0.1:99999", "cannot be read"),
        ("mysql://ana:hunter2@127.0.0.1:3306/skillsync", "its databases are made"),
    ],
)
def test_a_database_that_cannot_be_right_is_refused_without_its_password(text: str, complaint: str) -> None:
    with pytest.raises(Problem, match=complaint) as problem:
        read_database(text)
    assert "mysql://user:password@host:port" in str(problem.value)
    assert "hunter2" not in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("text", ["memcached://127.0.0.1", "redis://", "redis://:hunter2@127.0.0.1:port/0", "redis"])
def test_a_cache_that_cannot_be_right_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(Problem, match=r"^CACHE .*redis://host:port/0") as problem:
        read_cache(text)
    assert "hunter2" not in str(problem.value)


@pytest.mark.parametrize("text", ["localhost:4566", "ftp://127.0.0.1", "http://", "http://127.0.0.1:port"])
def test_an_endpoint_that_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Problem, match=r"^AWS_ENDPOINT_URL .*give http://host:port"):
        read_endpoint(text)


def test_workers_are_together_or_separate() -> None:
    assert read_workers("separate")
    assert not read_workers("together")
    with pytest.raises(Problem, match="WORKERS=many is unknown: say WORKERS=separate"):
        read_workers("many")
