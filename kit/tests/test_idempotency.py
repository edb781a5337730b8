"""Idempotency-Key: a repeated POST is done once, and everyone gets the first answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import MetaData, func, insert, select, text

from skillsync_kit.app import Health, create_app
from skillsync_kit.auth import Person, access
from skillsync_kit.clock import SystemClock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import Conflict
from skillsync_kit.idempotency import Idempotency, IdempotencyKey, Once, Reply
from skillsync_kit.ids import new_id
from skillsync_kit.routing import Route
from skillsync_kit.testing import FixedClock, UserPool

OpenDatabase = Callable[[str], Awaitable[Database]]
Client = httpx2.AsyncClient
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]


@dataclass
class World:
    """What happens inside the use case, and how often it ran."""

    before_claim: Callable[[UnitOfWork], Awaitable[None]] | None = None
    after_claim: Callable[[UnitOfWork], Awaitable[None]] | None = None
    runs: list[int] = field(default_factory=list)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def records(metadata: MetaData, clock: FixedClock) -> Idempotency:
    return Idempotency(metadata.tables["idempotency_records"], clock)


@pytest.fixture
def make_client(metadata: MetaData, pool: UserPool, records: Idempotency, world: World) -> Callable[[Database], Client]:
    router = APIRouter(route_class=Route)
    row = access(owner=201)

    async def use(request: Request, once: Once[int]) -> Response:
        async def work(unit: UnitOfWork) -> Reply:
            if world.before_claim is not None:
                await world.before_claim(unit)
            claim = await once.claim(unit)
            if claim.is_repeated:
                return claim.replay()
            if world.after_claim is not None:
                await world.after_claim(unit)
            await unit.connection.execute(insert(metadata.tables["effects"]), {"cause": "done"})
            world.runs.append(len(world.runs))
            return await once.answer(unit, len(world.runs))

        database: Database = request.app.state.database
        return (await database.run(work)).response()

    def present(number: int) -> Reply:
        return Reply(201, f'{{"number":{number}}}', {"Location": f"/v1/things/{number}", "ETag": '"1"'})

    @router.post("/v1/things", openapi_extra=row)
    async def create(request: Request, body: dict[str, Any], by: Person, key: Key) -> Response:
        return await use(request, key.answering(records, present))

    @router.put("/v1/things", openapi_extra=row)
    async def replace(request: Request, body: dict[str, Any], by: Person, key: Key) -> Response:
        return await use(request, key.answering(records, present))

    @router.post("/v1/things/{id}/finish", openapi_extra=row)
    async def finish(id: str, request: Request, by: Person, key: Key) -> Response:
        return await use(request, key.answering(records, present))

    def make(database: Database) -> Client:
        app = create_app(
            "things",
            health=Health(),
            verifier=pool.verifier(SystemClock()),
            routers=[router],
            state={"database": database},
        )
        return Client(transport=httpx2.ASGITransport(app), base_url="http://things.example")

    return make


@pytest.fixture
async def client(database: Database, make_client: Callable[[Database], Client]) -> AsyncIterator[Client]:
    async with make_client(database) as client:
        yield client


@pytest.fixture
def headers(pool: UserPool) -> dict[str, str]:
    return {"Authorization": f"Bearer {pool.token(new_id())}", "Idempotency-Key": new_id()}


async def count(database: Database, metadata: MetaData, table: str) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(metadata.tables[table]))).scalar_one())


async def post(client: Client, headers: Mapping[str, str], path: str = "/v1/things", **body: Any) -> httpx2.Response:
    return await client.post(path, json=body, headers=dict(headers))


async def test_fifty_equal_requests_at_once_over_two_pools_are_done_once_and_answered_equally(
    database_url: str,
    open_database: OpenDatabase,
    make_client: Callable[[Database], Client],
    headers: dict[str, str],
    world: World,
    metadata: MetaData,
) -> None:
    databases = [await open_database(database_url), await open_database(database_url)]
    clients = [make_client(database) for database in databases]
    answers = await asyncio.gather(*(post(clients[number % 2], headers, title="x") for number in range(50)))
    assert {(a.status_code, a.text, a.headers["location"], a.headers["etag"]) for a in answers} == {
        (201, '{"number":1}', "/v1/things/1", '"1"')
    }
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert {a.headers.get("idempotent-replayed") for a in answers} == {None, "true"}
    assert world.runs == [0]
    assert await count(databases[0], metadata, "effects") == 1
    assert await count(databases[0], metadata, "idempotency_records") == 1


async def test_when_the_first_is_rolled_back_exactly_one_of_the_waiting_does_it(
    client: Client, database: Database, headers: dict[str, str], world: World, metadata: MetaData
) -> None:
    claimed, go_on = asyncio.Event(), asyncio.Event()

    async def fail_first(_: UnitOfWork) -> None:
        if not claimed.is_set():
            claimed.set()
            await go_on.wait()
            raise Conflict("not now")

    world.after_claim = fail_first
    first = asyncio.create_task(post(client, headers, title="x"))
    await claimed.wait()
    waiting = [asyncio.create_task(post(client, headers, title="x")) for _ in range(12)]
    await asyncio.wait(waiting, timeout=0.1)
    assert not any(task.done() for task in waiting)
    go_on.set()
    assert (await first).status_code == 409
    answers = await asyncio.gather(*waiting)
    assert {(a.status_code, a.text) for a in answers} == {(201, '{"number":1}')}
    assert await count(database, metadata, "effects") == 1


async def test_only_success_is_kept(client: Client, headers: dict[str, str], world: World) -> None:
    async def refuse(_: UnitOfWork) -> None:
        raise Conflict("not now")

    world.after_claim = refuse
    assert (await post(client, headers)).status_code == 409
    world.after_claim = None
    assert (await post(client, headers)).status_code == 201


async def test_another_request_under_the_same_key_is_422(client: Client, headers: dict[str, str]) -> None:
    assert (await post(client, headers, title="x")).status_code == 201
    for answer in (
        await post(client, headers, title="y"),
        await post(client, headers, "/v1/things?dry=1", title="x"),
        await post(client, headers, "/v1/things/1/finish"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    again = await post(client, headers, title="x")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")


async def test_the_body_is_compared_as_json_not_as_text(client: Client, headers: dict[str, str]) -> None:
    as_json = {**headers, "Content-Type": "application/json"}
    first = await client.post("/v1/things", content='{"a":1,"b":[2]}', headers=as_json)
    second = await client.post("/v1/things", content='{ "b": [2],\n "a": 1 }', headers=as_json)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["idempotent-replayed"] == "true"


async def test_a_key_belongs_to_its_principal_and_method(
    client: Client, headers: dict[str, str], pool: UserPool, world: World
) -> None:
    await post(client, headers, title="x")
    await client.put("/v1/things", json={"title": "x"}, headers=headers)
    await post(client, {**headers, "Authorization": f"Bearer {pool.token(new_id())}"}, title="x")
    await post(client, {**headers, "Idempotency-Key": headers["Idempotency-Key"].upper()}, title="x")
    assert len(world.runs) == 4


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "é"])
async def test_a_key_that_is_none_is_refused(client: Client, headers: dict[str, str], key: str, world: World) -> None:
    raw = [(b"authorization", headers["Authorization"].encode()), (b"idempotency-key", key.encode("latin-1"))]
    answer = await client.post("/v1/things", json={}, headers=raw)
    assert answer.status_code in {400, 422}
    assert world.runs == []


async def test_a_missing_key_is_400(client: Client, headers: dict[str, str]) -> None:
    del headers["Idempotency-Key"]
    answer = await post(client, headers, title="x")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-required")


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 5000, b'{"a":NaN}', b'{"a":1,"a":2}', b"1" * 5000])
async def test_a_broken_body_on_a_route_that_takes_none_is_refused(
    client: Client, headers: dict[str, str], body: bytes, world: World
) -> None:
    answer = await client.post("/v1/things/1/finish", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.runs == []


async def test_an_answer_is_kept_for_24_hours(
    client: Client, headers: dict[str, str], clock: FixedClock, world: World
) -> None:
    await post(client, headers, title="x")
    clock.advance(hours=23, minutes=59)
    assert (await post(client, headers, title="x")).headers["idempotent-replayed"] == "true"
    clock.advance(minutes=1)
    # The key is free again, also for another request; also when many come at once.
    answers = await asyncio.gather(*(post(client, headers, title="y") for _ in range(5)))
    assert {(a.status_code, a.text) for a in answers} == {(201, '{"number":2}')}
    assert len(world.runs) == 2


async def test_old_records_are_forgotten_a_bounded_number_at_a_time(
    client: Client,
    database: Database,
    headers: dict[str, str],
    records: Idempotency,
    clock: FixedClock,
    metadata: MetaData,
) -> None:
    for _ in range(5):
        await post(client, {**headers, "Idempotency-Key": new_id()})
    clock.advance(hours=24, seconds=1)
    await post(client, headers)
    assert await records.forget_old(database, limit=3) == 3
    assert await records.forget_old(database, limit=3) == 2
    assert await records.forget_old(database) == 0
    assert await count(database, metadata, "idempotency_records") == 1


async def test_a_wait_that_times_out_is_409_and_may_be_repeated(
    make_database: Callable[[str], str],
    open_database: OpenDatabase,
    make_client: Callable[[Database], Client],
    headers: dict[str, str],
    world: World,
) -> None:
    database = await open_database(make_database("mariadb"))
    client = make_client(database)
    claimed, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_: UnitOfWork) -> None:
        claimed.set()
        await go_on.wait()

    async def be_impatient(unit: UnitOfWork) -> None:
        await unit.connection.execute(text("SET SESSION innodb_lock_wait_timeout = 1"))

    world.after_claim = hold
    first = asyncio.create_task(post(client, headers, title="x"))
    await claimed.wait()
    world.before_claim = be_impatient
    second = await post(client, headers, title="x")
    assert (second.status_code, second.json()["code"]) == (409, "request-in-flight")
    assert second.headers["retry-after"] == "1"
    go_on.set()
    assert (await first).status_code == 201
    assert (await post(client, headers, title="x")).headers["idempotent-replayed"] == "true"


async def test_a_kept_answer_outranks_a_refusal(
    database: Database, records: Idempotency, client: Client, headers: dict[str, str], pool: UserPool
) -> None:
    key = IdempotencyKey("ann", "POST", "k1", "f1")
    once: Once[int] = key.answering(records, lambda number: Reply(201, str(number)))
    with pytest.raises(Conflict):
        await once.replay_or_raise(database, Conflict("gone"))

    async def work(unit: UnitOfWork) -> Reply:
        assert not (await once.claim(unit)).is_repeated
        return await once.answer(unit, 7)

    await database.run(work)
    reply = await once.replay_or_raise(database, Conflict("gone"))
    assert (reply.status, reply.body, reply.replayed) == (201, "7", True)
