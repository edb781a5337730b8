"""Promise 15: the cache may vanish, hang, be emptied or hold nonsense; no answer is wrong for it."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from redis.asyncio import Redis
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_kit.clock import SystemClock
from skillsync_kit.ids import new_id
from skillsync_testing.proofs import Proof, figure
from skillsync_users import tables

from .fleet import Fleet, until

LANES, MEMBERS = 4, 12
NONSENSE = ("7", '"x"', "[1]", '["a","b","c","d","e"]', "{}", '{"a":[]}', "null", "not json", "\x80\x02")


class Readers:
    """People who ask for names at the users service, and write drafts whose names transactions asks for."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._numbers = itertools.count()
        self._client = httpx2.AsyncClient(timeout=20, trust_env=False)
        self.members = [new_id() for _ in range(MEMBERS)]
        self.seen: Counter[str] = Counter()

    async def begin(self) -> None:
        """Give the members profiles, named as the neighbours name them."""
        now = SystemClock().now()
        rows = [
            {
                **dict.fromkeys(("about", "search_text"), ""),
                **{"id": id, "email": f"{id}@members.skillsync.example", "email_key": id, "locale": "en"},
                **{"first_name": "Given", "last_name": id[-4:], "display_name": f"G. {id[-4:]}"},
                **{"time_zone": "UTC", "status": "active", "version": 1, "event_sequence": 1},
                **{"created_at": now, "updated_at": now},
            }
            for id in self.members
        ]
        engine = create_async_engine(self._fleet.mariadb.url("users"))
        async with engine.begin() as connection:
            await connection.execute(insert(tables.users), rows)
        await engine.dispose()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(self) -> None:
        """One question of each kind."""
        number = next(self._numbers)
        one, other = self.members[number % MEMBERS], self.members[(number + 1 + number // MEMBERS % 5) % MEMBERS]
        headers = {"Authorization": f"Bearer {self._fleet.pool.token(one)}"}
        users = self._fleet.processes["users"].url
        answer = await self._client.get(f"{users}/v1/users?id={one}&id={other}", headers=headers)
        self._judge("names asked for", answer, 200, "items", (one, other))
        leg = {"giver": "me", "receiver": other, "skill": "guitar", "minutes": 60}
        answer = await self._client.post(
            f"{self._fleet.apis[number % 2].url}/v1/transactions",
            json={"title": "Guitar", "legs": {"a": leg}},
            headers={**headers, "Idempotency-Key": new_id()},
        )
        self._judge("drafts written", answer, 201, "participants", (one, other))

    def _judge(self, what: str, answer: httpx2.Response, status: int, where: str, ids: tuple[str, str]) -> None:
        self.seen[what] += 1
        if answer.status_code != status:
            self.seen["other statuses"] += 1
            return
        names = {person["id"]: (person["first_name"], person["last_name"]) for person in answer.json()[where]}
        self.seen["wrong names"] += names != {id: ("Given", id[-4:]) for id in ids}


@pytest.fixture
async def readers(fleet: Fleet) -> AsyncIterator[Readers]:
    """Members with profiles."""
    readers = Readers(fleet)
    await readers.begin()
    yield readers
    await readers.close()


@figure("rounds", check=1, prove=10)
async def test_no_answer_is_wrong_for_the_caches_sake(
    fleet: Fleet, readers: Readers, proof: Proof, rounds: int
) -> None:
    hits: Counter[str] = Counter()
    is_over = asyncio.Event()

    async def live() -> None:
        while not is_over.is_set():
            await readers.ask()

    async def vanish() -> None:
        await fleet.restart("cache", cleanly=False)

    async def hang() -> None:
        with fleet.paused(fleet.redis.pid):
            await asyncio.sleep(1)

    async def flush() -> None:
        fleet.redis.flush()

    async def lie() -> None:
        async with Redis.from_url(fleet.redis.url) as client:
            keys = [key async for key in client.scan_iter(match="skillsync:*")]
            for key in keys:
                await client.set(key, proof.random.choice(NONSENSE).encode("latin-1"))
            hits["values turned into nonsense"] += len(keys)

    async def break_it() -> None:
        faults: dict[str, Callable[[], Awaitable[None]]] = {"kill": vanish, "hang": hang, "flush": flush, "lie": lie}
        for _ in proof.rounds(rounds):
            for name, fault in proof.random.sample(sorted(faults.items()), len(faults)):
                # Between two faults the cache is in use again.
                before = readers.seen.total()
                assert await until(lambda seen=before: readers.seen.total() > seen + 40)  # type: ignore[misc]
                await fault()
                hits[name] += 1
        is_over.set()

    async with fleet.supervised(), asyncio.TaskGroup() as group:
        for _ in range(LANES):
            group.create_task(live())
        group.create_task(break_it())
    asked = readers.seen.pop("names asked for") + readers.seen.pop("drafts written")
    demanded = {"wrong names": 0, "other statuses": 0}
    seen = {name: readers.seen[name] for name in demanded}
    what, note = "the cache killed, hung, emptied, lying", f"{asked:,} answers"
    proof.record("15", what, demanded, seen, note, trials=asked, hits=hits)
