"""What a service tells of its messaging: its outbox, its events in pages, why messages failed; and to whom."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import MetaData, insert, update

from skillsync_kit.app import Health, create_app
from skillsync_kit.clock import SystemClock
from skillsync_kit.database import Database
from skillsync_kit.events import Event
from skillsync_kit.failed_messages import FailedMessages
from skillsync_kit.ids import new_id
from skillsync_kit.operations import Operations
from skillsync_kit.operations_router import consumer_router, producer_router
from skillsync_kit.outbox import Outbox
from skillsync_kit.testing import FixedClock, UserPool

MakeEvent = Callable[..., Event]
Publish = Callable[..., Awaitable[Event]]
READS_EVENTS, OPERATES = "skillsync/events.read", "skillsync/operations.read"


class Service:
    """A service with nothing but these routes."""

    def __init__(self, database: Database, metadata: MetaData, clock: FixedClock, pool: UserPool) -> None:
        tables, self._pool = metadata.tables, pool
        failed = FailedMessages(tables["failed_messages"], clock)
        app = create_app(
            "things",
            health=Health(),
            verifier=pool.verifier(SystemClock()),
            routers=[producer_router, consumer_router],
            state={"operations": Operations(database, Outbox(tables["outbox"], clock), failed, clock)},
        )
        self._client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://things.example")

    async def get(self, path: str, *scopes: str, **query: Any) -> httpx2.Response:
        """The answer to a worker with these scopes."""
        return await self._get(path, self._pool.worker_token(*scopes), query)

    async def get_as_person(self, path: str) -> httpx2.Response:
        """The answer to somebody."""
        return await self._get(path, self._pool.token(new_id()), {})

    async def _get(self, path: str, token: str, query: dict[str, Any]) -> httpx2.Response:
        return await self._client.get(path, params=query or None, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def service(database: Database, metadata: MetaData, clock: FixedClock, pool: UserPool) -> Service:
    return Service(database, metadata, clock, pool)


@pytest.fixture
def publish(database: Database, make_event: MakeEvent) -> Publish:
    """Commits one event at the clock's present."""

    async def commit(**changes: Any) -> Event:
        event = make_event(**changes)

        async def work(unit: Any) -> None:
            unit.publish(event)

        await database.run(work)
        return event

    return commit


async def test_pages_lead_through_all_events_once_in_the_order_of_their_ids(service: Service, publish: Publish) -> None:
    # Ids commit out of order.
    ids = [new_id() for _ in range(7)]
    events = {id: await publish(id=id) for id in reversed(ids)}
    seen, after = [], None
    while True:
        since: dict[str, Any] = {"after": after} if after else {}
        page = (await service.get("/internal/events", READS_EVENTS, limit=3, **since)).json()
        assert len(page["items"]) <= 3
        seen += page["items"]
        if (after := page["next"]) is None:
            break
    assert [item["id"] for item in seen] == ids
    assert [Event.from_json(httpx2.Response(200, json=item).text) for item in seen] == [events[id] for id in ids]


async def test_a_window_holds_its_beginning_and_not_its_end(
    service: Service, publish: Publish, clock: FixedClock
) -> None:
    moments: list[datetime] = []
    events = []
    for _ in range(4):
        moments.append(clock.now())
        events.append(await publish())
        clock.advance(seconds=60)
    window = {"from": moments[1].isoformat(), "to": moments[3].isoformat()}
    page = (await service.get("/internal/events", READS_EVENTS, **window)).json()
    assert [item["id"] for item in page["items"]] == [events[1].id, events[2].id]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 501},
        {"after": "x"},
        {"from": "2030-01-01"},
        {"from": "0001-01-01T00:00:00+23:59"},
        {"to": "9999-12-31T23:59:59-23:59"},
    ],
)
async def test_what_cannot_be_asked_is_refused(service: Service, query: dict[str, Any]) -> None:
    assert (await service.get("/internal/events", READS_EVENTS, **query)).status_code == 422


async def test_an_outbox_tells_what_waits_and_what_is_stuck(
    service: Service, publish: Publish, clock: FixedClock, database: Database, metadata: MetaData
) -> None:
    nothing: dict[str, Any] = {"pending": 0, "lag_seconds": None, "oldest_at": None, "stuck": []}
    assert (await service.get("/internal/outbox", OPERATES)).json() == nothing
    outbox = metadata.tables["outbox"]
    late = await publish(sequence=1)
    await publish(subject=late.subject, sequence=2)
    clock.advance(seconds=11)
    refused, fresh = await publish(), await publish()
    gone = await publish()
    changes: dict[str, dict[str, Any]] = {
        refused.id: {"attempts": 3, "last_error": "Throttled"},
        gone.id: {"published_at": clock.now()},
    }
    for id, values in changes.items():
        statement = update(outbox).where(outbox.c.id == id).values(**values)
        await database.run(lambda unit, statement=statement: unit.connection.execute(statement))  # type: ignore[misc]
    answer = (await service.get("/internal/outbox", OPERATES)).json()
    assert (answer["pending"], answer["lag_seconds"], answer["oldest_at"]) == (4, 11.0, "2030-01-01T12:00:00Z")
    told = [(s["subject"], s["pending"], s["attempts"], s["last_error"], s["type"]) for s in answer["stuck"]]
    assert told == [
        (late.subject, 2, 0, None, "thing.done.v1"),
        (refused.subject, 1, 3, "Throttled", "thing.done.v1"),
    ]
    assert fresh.subject not in str(answer)


async def test_failures_are_told_for_the_messages_asked_for(
    service: Service, clock: FixedClock, database: Database, metadata: MetaData
) -> None:
    row = {
        "consumer": "things",
        "message_id": "m-1",
        "event_id": None,
        "type": "thing.done.v1",
        "traceparent": None,
        "reason": "LookupError",
        "receives": 5,
        "failed_at": clock.now(),
    }
    failed = insert(metadata.tables["failed_messages"])
    await database.run(lambda unit: unit.connection.execute(failed, [row, {**row, "message_id": "m-2"}]))
    answer = (await service.get("/internal/failed-messages", OPERATES, id=["m-1", "m-3"])).json()
    shown = {name: value for name, value in row.items() if name != "consumer"}
    assert answer == {"items": [{**shown, "failed_at": "2030-01-01T12:00:00Z"}]}
    too_many = await service.get("/internal/failed-messages", OPERATES, id=[f"m-{n}" for n in range(101)])
    assert too_many.status_code == 422


@pytest.mark.parametrize(
    ("path", "scope", "other"),
    [
        ("/internal/events", READS_EVENTS, OPERATES),
        ("/internal/outbox", OPERATES, READS_EVENTS),
        ("/internal/failed-messages?id=x", OPERATES, READS_EVENTS),
    ],
)
async def test_without_its_scope_there_is_no_such_route_whatever_is_asked(
    service: Service, path: str, scope: str, other: str
) -> None:
    assert (await service.get(path, scope)).status_code == 200
    for refused in (await service.get(path, other), await service.get_as_person(path)):
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    invalid = path.partition("?")[0] + "?limit=0&id="
    assert (await service.get_as_person(invalid)).status_code == 404
