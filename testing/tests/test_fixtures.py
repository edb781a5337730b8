"""The private servers: they start, they are ours alone, and they leave nothing behind."""

import asyncio
import os
import select
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import psutil
import pytest
from cashews import Cache
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_testing import Emulator, MariaDB, Redis, ServerError, free_port
from skillsync_testing.plugin import MakeDatabase
from skillsync_testing.ports import is_open

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


async def test_a_database_is_empty_and_keeps_text_beyond_the_basic_plane(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        # Fails in the second test that gets the same database: both kinds prove that each test has its own.
        await connection.execute(text("CREATE TABLE greeting (word VARCHAR(20))"))
        await connection.execute(text("INSERT INTO greeting VALUES ('hé 🎸')"))
    async with engine.connect() as connection:
        words = (await connection.execute(text("SELECT word FROM greeting"))).scalars().all()
    await engine.dispose()
    assert words == ["hé 🎸"]


async def test_the_next_test_gets_another_database(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE greeting (word VARCHAR(20))"))
    await engine.dispose()


@pytest.fixture(scope="module")
def written(module_database_url: str) -> str:
    """The URL of the module's database, after somebody wrote there: once in each process that has such a test."""

    async def write() -> None:
        engine = create_async_engine(module_database_url)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE shared (word VARCHAR(20))"))
            await connection.execute(text("INSERT INTO shared VALUES ('hour')"))
        await engine.dispose()

    asyncio.run(write())
    return module_database_url


@pytest.mark.parametrize("turn", [1, 2])
async def test_the_tests_of_a_module_read_what_was_written_before(
    written: str, module_database_url: str, turn: int
) -> None:
    assert written == module_database_url
    engine = create_async_engine(written)
    async with engine.connect() as connection:
        words = (await connection.execute(text("SELECT word FROM shared"))).scalars().all()
    await engine.dispose()
    assert words == ["hour"]


def test_every_made_database_is_another(make_database: MakeDatabase) -> None:
    urls = [make_database("sqlite"), make_database("sqlite"), make_database("mariadb"), make_database("mariadb")]
    assert len(set(urls)) == 4


def test_mariadb_flushes_at_each_commit_and_binds_to_the_loopback(mariadb_server: MariaDB) -> None:
    [[flush, address]] = mariadb_server.mysql("SELECT @@innodb_flush_log_at_trx_commit, @@bind_address")
    assert (flush, address) == ("1", "127.0.0.1")


def test_a_dropped_database_is_gone(mariadb_server: MariaDB) -> None:
    name = mariadb_server.create_database()
    mariadb_server.drop_database(name)
    assert mariadb_server.mysql(f"SHOW DATABASES LIKE '{name}'") == []


def test_a_failing_statement_names_its_cause(mariadb_server: MariaDB) -> None:
    with pytest.raises(ServerError, match="no_such_table"):
        mariadb_server.mysql("SELECT * FROM no_such_table", "mysql")


async def test_a_cache_is_empty_and_keeps_what_it_is_given(cache_url: str) -> None:
    cache = Cache()
    cache.setup(cache_url)
    assert await cache.get("guitar") is None
    await cache.set("guitar", "60 minutes")
    assert await cache.get("guitar") == "60 minutes"
    await cache.close()


async def test_the_next_test_gets_an_empty_cache(cache_url: str) -> None:
    cache = Cache()
    cache.setup(cache_url)
    assert await cache.get("guitar") is None
    await cache.close()


def test_the_emulator_answers_and_listens_on_the_loopback_alone(emulator: Emulator) -> None:
    with urllib.request.urlopen(f"{emulator.endpoint_url}/_ministack/health") as answer:  # noqa: S310
        assert answer.status == 200
    listeners = [c.laddr for c in psutil.Process(emulator.pid).net_connections("inet") if c.status == "LISTEN"]
    assert [(address.ip, address.port) for address in listeners] == [("127.0.0.1", emulator.port)]


def test_an_account_of_its_own_sees_an_empty_cloud(emulator: Emulator) -> None:
    def queues(account: str) -> "SQSClient":
        keys = emulator.client_environment(account)
        return boto3.client(
            "sqs",
            endpoint_url=keys["AWS_ENDPOINT_URL"],
            region_name=keys["AWS_REGION"],
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        )

    queues("111111111111").create_queue(QueueName="mine")
    assert len(queues("111111111111").list_queues()["QueueUrls"]) == 1
    assert queues("222222222222").list_queues().get("QueueUrls", []) == []


def test_a_free_port_is_one_nobody_listens_on() -> None:
    assert not is_open(free_port())


def test_a_crashed_server_comes_back_on_its_port_with_its_rows(tmp_path: Path) -> None:
    server = MariaDB(tmp_path)
    server.start_on_a_free_port()
    try:
        port = server.port
        server.create_database("kept")
        server.mysql("CREATE TABLE word (word VARCHAR(9)) ENGINE=InnoDB; INSERT INTO word VALUES ('hour')", "kept")
        server.kill()
        assert not is_open(port)
        server.start()
        assert server.mysql("SELECT word FROM word", "kept") == [["hour"]]
        assert server.port == port
    finally:
        server.stop()


def test_a_taken_port_is_not_mistaken_for_our_server(redis_server: Redis, tmp_path: Path) -> None:
    second = Redis(tmp_path)
    second.port = redis_server.port
    try:
        with pytest.raises(ServerError, match="somebody listens on port"):
            second.start()
        second.start_on_a_free_port()
        assert second.port != redis_server.port
    finally:
        second.stop()


def test_a_missing_program_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillsync_testing.server.shutil.which", lambda *_, **__: None)
    with pytest.raises(ServerError, match="apt-get install redis-server"):
        Redis(tmp_path).start()


@pytest.mark.parametrize("ending", ["assert False", "os.kill(os.getpid(), signal.SIGKILL)"], ids=["failed", "killed"])
def test_no_server_outlives_its_session(ending: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["skillsync_testing.plugin"]\n')
    (tmp_path / "test_inner.py").write_text(
        textwrap.dedent(
            f"""
            import os, signal
            from pathlib import Path

            def test_inner(mariadb_server, redis_server, emulator):
                servers = [mariadb_server, redis_server, emulator]
                Path("pids").write_text(" ".join(str(server.pid) for server in servers))
                {ending}
            """
        )
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == (1 if ending == "assert False" else -9), done.stdout
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 3
    for pid in pids:
        assert _ends(pid), f"process {pid} lives on"


def _ends(pid: int) -> bool:
    """Wait (5 s at most) until a process that is not our child is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 5)[0])
    finally:
        os.close(handle)
