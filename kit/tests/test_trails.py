"""A subject's trail through one service: its events with their moments, what was handled, and to whom it is told."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import MetaData, insert, update

from skillsync_kit.app import Health, create_app
from skillsync_kit.clock import SystemClock
from skillsync_kit.database import Database
from skillsync_kit.events import Event
from skillsync_kit.ids import new_id
from skillsync_kit.outbox import Outbox
from skillsync_kit.processed_messages import ProcessedMessages
from skillsync_kit.testing import FixedClock, UserPool
from skillsync_kit.trails import EVENTS_AT_MOST, Trails
from skillsync_kit.trails_router import consumed_trails_router, produced_trails_router
from skillsync_testing.watching import Watch

Get = Callable[..., Awaitable[httpx2.Response]]
OPERATES = "skillsync/operations.read"
SOME_ID = "0190c5d4-8f6e-7000-8000-000000000001"


@pytest.fixture
def trails(database: Database, metadata: MetaData, clock: FixedClock) -> Trails:
    tables = metadata.tables
    processed = ProcessedMessages(tables["processed_messages"], clock)
    return Trails(database, Outbox(tables["outbox"], clock), processed, "things")


@pytest.fixture
def get(trails: Trails, pool: UserPool) -> Get:
    """Asks a service with nothing but these routes, as a worker with a scope or as somebody."""
    app = create_app(
        "things",
        health=Health(),
        verifier=pool.verifier(SystemClock()),
        routers=[produced_trails_router, consumed_trails_router],
        state={"trails": trails},
    )
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://things.example")

    async def ask(path: str, scope: str | None = OPERATES, **query: Any) -> httpx2.Response:
        token = pool.worker_token(scope) if scope else pool.token(new_id(), **{"cognito:groups": ["operator"]})
        return await client.get(path, params=query or None, headers={"Authorization": f"Bearer {token}"})

    return ask


async def _commit(database: Database, *events: Event) -> None:
    async def work(unit: Any) -> None:
        unit.publish(*events)

    await database.run(work)


async def test_events_are_told_in_their_order_with_their_moments_and_nothing_of_their_content(
    get: Get, database: Database, metadata: MetaData, clock: FixedClock, make_event: Callable[..., Event]
) -> None:
    subject, trace = new_id(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    first = make_event(subject=subject, sequence=1, traceparent=trace, actor=new_id(), data={"note": "secret"})
    second = make_event(subject=subject, sequence=2)
    await _commit(database, second, make_event(sequence=1))
    await _commit(database, first)
    clock.advance(seconds=1)
    outbox = metadata.tables["outbox"]
    published = update(outbox).where(outbox.c.id == first.id).values(published_at=clock.now(), attempts=1)
    await database.run(lambda unit: unit.connection.execute(published))
    answer = await get(f"/internal/trails/{subject}")
    assert answer.json() == {
        "items": [
            {
                "id": first.id,
                "type": first.type,
                "sequence": 1,
                "traceparent": trace,
                "received_at": None,
                "created_at": "2030-01-01T12:00:00Z",
                "published_at": "2030-01-01T12:00:01Z",
                "attempts": 1,
            },
            {
                "id": second.id,
                "type": second.type,
                "sequence": 2,
                "traceparent": second.traceparent,
                "received_at": None,
                "created_at": "2030-01-01T12:00:00Z",
                "published_at": None,
                "attempts": 0,
            },
        ],
        "more": False,
    }


async def test_of_many_events_the_newest_are_told(
    get: Get, database: Database, make_event: Callable[..., Event]
) -> None:
    subject = new_id()
    await _commit(database, *(make_event(subject=subject, sequence=number) for number in range(1, EVENTS_AT_MOST + 3)))
    answer = (await get(f"/internal/trails/{subject}")).json()
    assert [item["sequence"] for item in answer["items"]] == list(range(3, EVENTS_AT_MOST + 3))
    assert answer["more"]
    assert (await get(f"/internal/trails/{new_id()}")).json() == {"items": [], "more": False}


async def test_what_this_consumer_has_handled_is_told_and_no_other(
    get: Get, database: Database, metadata: MetaData, clock: FixedClock
) -> None:
    handled, other, never = (new_id() for _ in range(3))
    rows = [
        {"consumer": "things", "event_id": handled, "processed_at": clock.now()},
        {"consumer": "others", "event_id": other, "processed_at": clock.now()},
    ]
    processed = insert(metadata.tables["processed_messages"])
    await database.run(lambda unit: unit.connection.execute(processed, rows))
    answer = await get("/internal/processed-messages", event=[handled, other, never])
    assert answer.json() == {"items": [{"event_id": handled, "processed_at": "2030-01-01T12:00:00Z"}]}


@pytest.mark.parametrize("count", [0, EVENTS_AT_MOST + 1])
async def test_none_and_too_many_events_are_refused(get: Get, count: int) -> None:
    answer = await get("/internal/processed-messages", event=[new_id() for _ in range(count)])
    assert answer.status_code == 422


@pytest.mark.parametrize("path", [f"/internal/trails/{SOME_ID}", f"/internal/processed-messages?event={SOME_ID}"])
async def test_without_the_scope_there_is_no_such_route_whatever_is_asked(get: Get, path: str) -> None:
    assert (await get(path)).status_code == 200
    for scope in ("skillsync/events.read", None):
        for asked in (path, path[:-1] + "!"):
            refused = await get(asked, scope)
            assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
async def test_both_are_found_by_an_index_however_much_there_is(
    trails: Trails, database: Database, metadata: MetaData, clock: FixedClock, make_event: Callable[..., Event]
) -> None:
    subject = new_id()
    events = [make_event(subject=subject if n % 10 == 0 else new_id(), sequence=n + 1) for n in range(1200)]
    await _commit(database, *events)
    rows = [{"consumer": "things", "event_id": event.id, "processed_at": clock.now()} for event in events]
    await database.run(lambda unit: unit.connection.execute(insert(metadata.tables["processed_messages"]), rows))
    watch = Watch()
    with watch.during("events"):
        assert len(await trails.events(subject)) == EVENTS_AT_MOST + 1
    with watch.during("handled"):
        assert len(await trails.handled([event.id for event in events[:EVENTS_AT_MOST]])) == EVENTS_AT_MOST
    assert watch.refused == []
    assert max(statement.most_reads for statement in watch.statements.values()) <= 2 * EVENTS_AT_MOST + 5
