"""The service in this process: its app, its inbox and its database, with tokens of a user pool of the tests' own."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from skillsync_analytics.consumer import handlers
from skillsync_analytics.main import rebuild
from skillsync_analytics.projections import Projections
from skillsync_analytics.queries import Queries
from skillsync_analytics.repository import MemberRepository
from skillsync_analytics.router import routers
from skillsync_analytics.settings import AnalyticsSettings
from skillsync_analytics.tables import erased_users, metadata
from skillsync_kit import migrations
from skillsync_kit.app import Health, create_app
from skillsync_kit.clock import SystemClock
from skillsync_kit.erasures import Erasures
from skillsync_kit.events import Event
from skillsync_kit.foundation import lay
from skillsync_kit.ids import new_id
from skillsync_kit.inbox import Inbox
from skillsync_kit.testing import UserPool

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


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
        repository = MemberRepository()
        self.pool = pool
        self.database = base.database
        self.rebuild = rebuild(base)
        erasures = Erasures(base.database, erased_users, SystemClock())
        live = handlers(Projections(repository), erasures)
        self.inbox = Inbox("analytics", base.database, base.processed, live, self.rebuild)
        self.app = create_app(
            "analytics",
            health=Health(),
            verifier=pool.verifier(SystemClock()),
            routers=routers,
            state={"queries": Queries(base.database, repository), "operations": base.operations, "erasures": erasures},
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
