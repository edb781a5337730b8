"""Rolling restarts under load: replicas are restarted one after another, and no request fails.

Before the two stands a front that hands connections to a replica for up to two seconds after that was told to end, and
clients keep their connections. So the drain has to outlast the front's ignorance, and to let go of each connection at a
moment when nobody sends on it.
"""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_kit.testing import UserPool
from skillsync_testing import Emulator, MariaDB
from skillsync_testing.front import Front
from skillsync_testing.lanes import Client, Tally, in_lanes
from skillsync_testing.proofs import Proof, figure
from skillsync_testing.two_processes import ServiceProcess

from .transactions import People, surroundings

ACCOUNT = "300000000008"
LANES, ONE_IN_IS_A_DRAFT = 8, 20
END_SECONDS = 40.0


@dataclass(frozen=True)
class Run:
    """How many requests at the least, and for how long the drain outlasts what the front may not know."""

    requests: int
    notice_seconds: float
    drain_seconds: float
    # What a client waits between two requests: a check leaves the machine to others.
    pause_seconds: float


CHECK, PROVE = Run(1_500, 0.7, 1.2, 0.02), Run(50_000, 2.0, 3.0, 0)


@pytest.fixture
def database_url(mariadb_server: MariaDB) -> str:
    """Of a server: two replicas share it."""
    return mariadb_server.url(mariadb_server.create_database())


@pytest.fixture
def replicas(
    run: Run, tmp_path: Path, database_url: str, pool: UserPool, emulator: Emulator
) -> Iterator[tuple[ServiceProcess, ServiceProcess]]:
    """Two running processes of the service."""
    with surroundings(database_url, pool, emulator, ACCOUNT) as settings:
        environment = {**settings, "SKILLSYNC_DRAIN_SECONDS": str(run.drain_seconds)}
        one, other = (ServiceProcess(tmp_path / f"api-{n}", "transactions", "api", environment) for n in (1, 2))
        try:
            for replica in (one, other):
                replica.spawn()
            for replica in (one, other):
                replica.wait_until_ready()
            yield one, other
        finally:
            one.kill()
            other.kill()


@figure("run", check=CHECK, prove=PROVE)
async def test_a_rolling_restart_fails_no_request(
    proof: Proof, pool: UserPool, database_url: str, replicas: tuple[ServiceProcess, ServiceProcess], run: Run
) -> None:
    front = Front([replica.port for replica in replicas], run.notice_seconds)
    await front.start()
    for replica in replicas:
        await front.until(replica.port, is_ready=True)
    load = Load(People(pool), run)
    await load.prepare(front.port)
    loading = asyncio.create_task(load.run(front.port))
    restarts = 0
    while not load.is_enough or restarts < len(replicas):
        await restart(replicas[restarts % len(replicas)], front)
        restarts += 1
        proof.say(f"  {load.tally.sent} requests, {load.tally.failed} failed, {restarts} restarts")
    load.end()
    await loading
    await front.stop()
    proof.record(
        "8",
        f"rolling restarts behind a front that notices {run.notice_seconds} s late",
        {"failed": 0, "drafts lost": 0},
        {"failed": load.tally.failed, "drafts lost": load.drafts - await count_drafts(database_url)},
        note=", ".join([f"requests: {load.tally.sent:,}", *(f"{why}: {n}" for why, n in load.tally.bad.items())]),
        trials=load.tally.sent,
        hits={"restart under load": restarts},
    )


class Load:
    """Mostly reads, now and then a draft with a key of its own."""

    def __init__(self, people: People, run: Run) -> None:
        self.tally = Tally()
        self.drafts = 0
        self._people = people
        self._run = run
        self._read = b""
        self._is_over = False

    @property
    def is_enough(self) -> bool:
        return self.tally.sent >= self._run.requests

    async def prepare(self, port: int) -> None:
        """Write the transaction that is read."""
        client = Client(port)
        answer = await client.send(self._next_draft())
        self._read = self._people.get(self._people.ana, "/" + json.loads(answer.body)["id"])
        client.close()

    async def run(self, port: int) -> None:
        await in_lanes(port, LANES, self._next, self.tally, pause_seconds=self._run.pause_seconds)

    def end(self) -> None:
        self._is_over = True

    def _next(self) -> bytes | None:
        if self._is_over:
            return None
        return self._read if self.tally.sent % ONE_IN_IS_A_DRAFT else self._next_draft()

    def _next_draft(self) -> bytes:
        self.drafts += 1
        return self._people.draft()


async def restart(replica: ServiceProcess, front: Front) -> None:
    """Tell it to end, wait until it has, start it again, and wait until the front sends there."""
    os.kill(replica.pid, signal.SIGTERM)
    async with asyncio.timeout(END_SECONDS):
        while not replica.has_ended:  # noqa: ASYNC110 - a process of the operating system
            await asyncio.sleep(0.02)
    replica.stop()
    # Else the front would be seen to know of the replica from before.
    await front.until(replica.port, is_ready=False)
    replica.spawn()
    await front.until(replica.port, is_ready=True)


async def count_drafts(url: str) -> int:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        count: int = (await connection.execute(text("SELECT COUNT(*) FROM transactions"))).scalar_one()
    await engine.dispose()
    return count
