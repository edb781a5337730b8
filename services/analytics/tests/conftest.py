"""The service in this process: its app, its inbox and its database, with tokens of a user pool of the tests' own."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from sqlalchemy import delete

from skillsync_analytics.consumer import handlers
from skillsync_analytics.main import rebuild, state
from skillsync_analytics.projections import Projections
from skillsync_analytics.repository import ReadModel
from skillsync_analytics.router import routers
from skillsync_analytics.settings import AnalyticsSettings
from skillsync_analytics.tables import erased_users, metadata, models, processed_messages
from skillsync_kit import migrations
from skillsync_kit.app import Health, create_app
from skillsync_kit.clock import SystemClock
from skillsync_kit.database import UnitOfWork
from skillsync_kit.erasures import Erasures
from skillsync_kit.events import Event
from skillsync_kit.foundation import lay
from skillsync_kit.ids import new_id
from skillsync_kit.inbox import Inbox
from skillsync_kit.testing import FixedClock, UserPool

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
_AT_ONCE = 100


class World:
    """One process of the service, and what a test does with it."""

    def __init__(self, stack: AsyncExitStack, database_url: str, pool: UserPool) -> None:
        settings = AnalyticsSettings(
            port=0,
            database_url=database_url,
            token_issuer=pool.issuer,
            jwks_url="http://pool.example/jwks.json",
            web_client_id=pool.web_client_id,
            queue_url="http://queue.example/analytics",
        )
        base = lay(stack, settings, "analytics", metadata)
        self.pool, self.clock = pool, FixedClock(NOON)
        self.database = base.database
        self.rebuild = rebuild(base)
        erasures = Erasures(base.database, erased_users, SystemClock())
        live = handlers(Projections(ReadModel()), erasures)
        self.inbox = Inbox("analytics", base.database, base.processed, live, self.rebuild)
        self.app = create_app(
            "analytics",
            health=Health(),
            verifier=pool.verifier(SystemClock()),
            routers=routers,
            state={**state(base, self.clock), "erasures": erasures},
        )
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url="http://analytics.example")

    async def figures(self, user: str) -> dict[str, Any]:
        """What GET /v1/analytics/me answers this user."""
        answer = await self.client.get("/v1/analytics/me", headers={"Authorization": f"Bearer {self.pool.token(user)}"})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def sums(self, user: str) -> tuple[int, int, int, int]:
        """The figures alone: finalized, minutes given, minutes received, partners."""
        body = await self.figures(user)
        return body["finalized"], body["minutes_given"], body["minutes_received"], body["partners"]

    async def ask(self, path: str, **headers: str) -> httpx2.Response:
        """What a coordinator is answered under /v1/analytics."""
        token = self.pool.token(new_id(), **{"cognito:groups": ["coordinator"]})
        return await self.client.get(f"/v1/analytics{path}", headers={"Authorization": f"Bearer {token}", **headers})

    async def rows(self, measure: str, **query: str) -> list[dict[str, Any]]:
        """The rows of a measure."""
        answer = await self.ask(f"/{measure}?{urlencode(query)}")
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows

    async def deliver(self, events: Sequence[Event]) -> None:
        """Deliver these events, many in one transaction: each has its effect once, as by the inbox."""
        inbox = self.inbox
        for start in range(0, len(events), _AT_ONCE):

            async def work(unit: UnitOfWork, some: Sequence[Event] = events[start : start + _AT_ONCE]) -> None:
                for event in some:
                    if await inbox.processed.first_time(unit, inbox.name, event.id):
                        await inbox.handlers[event.type](unit, event)

            await self.database.run(work, at_most_seconds=60)

    async def forget(self) -> None:
        """Empty every table of the read model, and the ids of what was handled."""

        async def work(unit: UnitOfWork) -> None:
            for table in (*models(), processed_messages):
                await unit.connection.execute(delete(table))

        await self.database.run(work)

    async def receive(self, events: Iterable[Event]) -> None:
        """Deliver these events, one after the other."""
        for event in events:
            await self.inbox.receive(event.to_json())

    @staticmethod
    def finalized(*legs: tuple[str, str, int], at: datetime = NOON, **more: Any) -> Event:
        """The event of a finalized exchange with these legs: (giver, receiver, minutes)."""
        facts: Mapping[str, Any] = {
            str(number): {"giver": giver, "receiver": receiver, "skill": "guitar", "minutes": minutes}
            for number, (giver, receiver, minutes) in enumerate(legs)
        }
        return Event(
            id=new_id(),
            type="transaction.finalized.v1",
            source="/transactions",
            subject=new_id(),
            sequence=4,
            time=at,
            data={"from": "accepted", "to": "finalized", "legs": facts, **more},
        )


@pytest.fixture(scope="session")
def pool() -> UserPool:
    """A user pool; its key takes a moment to make."""
    return UserPool()


@pytest.fixture
def world_over() -> type[World]:
    """The service over a database of the test's choice."""
    return World


@pytest.fixture
def migrated_url(database_url: str) -> str:
    """The URL of a migrated database of this test's own; SQLite, then MariaDB."""
    migrations.upgrade(database_url, MIGRATIONS)
    return database_url


@pytest.fixture(scope="module")
def shared_url(module_database_url: str) -> str:
    """The same, shared by the module's tests; each makes up members of its own."""
    migrations.upgrade(module_database_url, MIGRATIONS)
    return module_database_url


@pytest.fixture
async def world(shared_url: str, pool: UserPool) -> AsyncIterator[World]:
    """The service over the module's database."""
    async with AsyncExitStack() as stack:
        yield World(stack, shared_url, pool)


@pytest.fixture
async def empty_world(migrated_url: str, pool: UserPool) -> AsyncIterator[World]:
    """The service over an empty database."""
    async with AsyncExitStack() as stack:
        yield World(stack, migrated_url, pool)


@pytest.fixture
async def two_worlds(migrated_url: str, pool: UserPool) -> AsyncIterator[tuple[World, World]]:
    """Two processes' worth of the service over one database, with connections of their own."""
    async with AsyncExitStack() as stack:
        yield World(stack, migrated_url, pool), World(stack, migrated_url, pool)
