"""A service process killed by SIGKILL again and again under load: it is soon ready again, and nothing is left stuck.

Each client insists: a request whose outcome it does not know it repeats with the same key until it has an answer, as
the contract tells it to. So what a kill left half done would show: as a key that blocks its own repeat, as a
transaction that refuses its next step, as an event that never leaves.
"""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync.local.fleet import Address, service_specification
from skillsync.paths import Paths, find_paths
from skillsync.supervision.backoff import Backoff
from skillsync.supervision.process import SupervisedProcess
from skillsync_kit.testing import UserPool
from skillsync_testing import Emulator, free_port
from skillsync_testing.lanes import Client, NoAnswer
from skillsync_testing.proofs import Proof, figure

from .transactions import People, surroundings

ACCOUNT = "300000000009"
LANES = 4
READY_SECONDS = 5.0
# A relay that was killed leaves its rows claimed for 30 s.
DRAINED_SECONDS = 60.0
ATTEMPTS, PAUSE_SECONDS = 100, 0.05
KILLS_OF_A_CHECK = 3


@figure("kills", check=KILLS_OF_A_CHECK, prove=50)
async def test_a_killed_service_heals(
    proof: Proof, pool: UserPool, process: SupervisedProcess, database_url: str, kills: int
) -> None:
    clients = Clients(process, People(pool))
    loading = [asyncio.create_task(clients.live_lives()) for _ in range(LANES)]
    late, longest = 0, 0.0
    for _ in proof.rounds(kills):
        answered = clients.answered + proof.random.randint(1, 60)
        await until(lambda wanted=answered: clients.answered >= wanted)  # type: ignore[misc]
        seconds = await kill(process)
        late += seconds > READY_SECONDS
        longest = max(longest, seconds)
    clients.is_over = True
    await asyncio.gather(*loading)
    # In a check nobody waits for claims to run out: it is enough that every row that is due has left.
    await until(lambda: pending(database_url, due_only=kills == KILLS_OF_A_CHECK), is_zero=True)
    times = {"ready after more than 5 s": late} if kills != KILLS_OF_A_CHECK else {}
    proof.record(
        "9",
        f"SIGKILL of a service under load ({database_url.partition('+')[0]})",
        {"left hanging": 0, "refused when repeated": 0, "lives not lived to their end": 0} | dict.fromkeys(times, 0),
        {
            "left hanging": clients.hung,
            "refused when repeated": clients.refused.total(),
            "lives not lived to their end": clients.begun - clients.finished,
        }
        | times,
        note=", ".join(
            [
                f"longest: {longest:.1f} s",
                f"answers: {clients.answered:,}",
                f"lives: {clients.finished:,}",
                *(f"{why}: {times}" for why, times in clients.refused.items()),
            ]
        ),
        trials=kills,
        hits={"SIGKILL": process.restarts, "request cut off": clients.unknown},
    )


@pytest.fixture
def settings(database_url: str, pool: UserPool, emulator: Emulator) -> Iterator[dict[str, str]]:
    """Those of the service's process."""
    with surroundings(database_url, pool, emulator, ACCOUNT) as settings:
        yield settings


@pytest.fixture
async def process(tmp_path: Path, settings: dict[str, str]) -> AsyncIterator[SupervisedProcess]:
    """The whole service in one process, under the supervisor of a local run."""
    paths = Paths(root=find_paths().root, state=tmp_path / "state")
    paths.make_directories()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SKILLSYNC_"))}
    specification = service_specification(
        paths, "transactions", "all", {**environment, **settings}, Address(free_port())
    )
    # Each kill is one by itself: the longer waits between crashes that follow each other closely are for another fault.
    process = SupervisedProcess(specification, lambda changed: None, Backoff(stable_seconds=0))
    process.start()
    assert await process.wait_ready(), specification.log_file.read_text()
    yield process
    await process.stop()


class Clients:
    """People who live whole lives of transactions, from the draft to its end, and insist on every answer."""

    def __init__(self, process: SupervisedProcess, people: People) -> None:
        self.answered = self.unknown = self.hung = self.begun = self.finished = 0
        self.refused: Counter[str] = Counter()
        self.is_over = False
        self._port = process.specification.port or 0
        self._people = people

    async def live_lives(self) -> None:
        """One life after another, until it is over."""
        client = Client(self._port)
        while not self.is_over:
            self.begun += 1
            lived = await self._live(client)
            self.finished += lived
        client.close()

    async def _live(self, client: Client) -> bool:
        people, terms = self._people, {"terms_rev": 1}
        drafted = await self._insist(client, people.draft())
        if drafted is None:
            return False
        path = f"/{json.loads(drafted)['id']}"
        steps = [
            people.post(people.ana, f"{path}/propose"),
            people.post(people.bo, f"{path}/accept", terms),
            people.post(people.bo, f"{path}/finalize", terms),
            people.get(people.ana, path),
        ]
        for step in steps:
            seen = await self._insist(client, step)
            if seen is None:
                return False
        return bool(json.loads(seen or b"{}").get("state") == "finalized")

    async def _insist(self, client: Client, request: bytes) -> bytes | None:
        """The body of the answer of 2xx; None when there is none, however often it is asked for."""
        for _ in range(ATTEMPTS):
            try:
                answer = await client.send(request)
            except NoAnswer as unknown:
                self.unknown += 1
                self.hung += unknown.hung
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self.answered += 1
            if answer.is_ok:
                return answer.body
            self.refused[f"{answer.status} {json.loads(answer.body).get('code')}"] += 1
            await asyncio.sleep(PAUSE_SECONDS)
        return None


async def kill(process: SupervisedProcess) -> float:
    """Kill it; the seconds until another one is ready."""
    killed, began = process.pid, time.monotonic()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await until(lambda: process.state == "ready" and process.pid not in (None, killed))
    return time.monotonic() - began


async def pending(url: str, *, due_only: bool) -> int:
    """How many events wait to be published; only those that no relay has claimed if so asked."""
    due = "AND (claimed_until IS NULL OR claimed_until < :now)" if due_only else "AND :now IS NOT NULL"
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        statement = text(f"SELECT COUNT(*) FROM outbox WHERE published_at IS NULL {due}")  # noqa: S608 - our own text
        count: int = (await connection.execute(statement, {"now": time.strftime("%F %T", time.gmtime())})).scalar_one()
    await engine.dispose()
    return count


async def until(look: Callable[[], object | Awaitable[object]], *, is_zero: bool = False) -> None:
    """Wait for a condition, or for a count to come to zero; fails after a minute."""
    async with asyncio.timeout(DRAINED_SECONDS):
        while True:
            seen = look()
            if isinstance(seen, Awaitable):
                seen = await seen
            if not seen if is_zero else seen:
                return
            await asyncio.sleep(0.02)
