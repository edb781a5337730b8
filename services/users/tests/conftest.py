"""The service in this process: its app, inbox and database, a user pool that knows addresses, and members' tokens."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from skillsync_kit import migrations
from skillsync_kit.app import Health, create_app
from skillsync_kit.auth import Principal
from skillsync_kit.errors import DependencyUnavailable, Failure
from skillsync_kit.events import Event
from skillsync_kit.exports import ExportPage
from skillsync_kit.foundation import lay
from skillsync_kit.ids import new_id
from skillsync_kit.inbox import Inbox
from skillsync_kit.testing import FixedClock, UserPool
from skillsync_users import tables
from skillsync_users.consumer import handlers
from skillsync_users.main import Outside, rebuild, use_cases
from skillsync_users.router import conceal, routers
from skillsync_users.settings import UsersSettings
from skillsync_users.stats.repository import StatisticsRepository
from skillsync_users.stats.service import Tally

HOME = Path(__file__).resolve().parents[1]
MEDIA_TYPES = {"PATCH": "application/merge-patch+json"}


class KnownAddresses:
    """A fake of the user pool: an address for everyone, and a refusal when told to."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.refusal: Failure | None = None
        self.asked = 0
        self.waiting_for: asyncio.Barrier | None = None

    async def verified_email(self, by: Principal) -> str:
        """See clients.UserDirectory. With a barrier, all callers go on together."""
        self.asked += 1
        if self.waiting_for:
            await self.waiting_for.wait()
        if self.refusal:
            raise self.refusal
        return self.addresses.get(by.id, f"{by.id}@members.example")


class KnownAccounts:
    """A fake of the user pool's accounts."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.is_away = False

    async def delete(self, id: str) -> None:
        """See clients.UserAccounts."""
        if self.is_away:
            raise DependencyUnavailable("The user pool does not answer.")
        self.deleted.append(id)


class OtherServices:
    """A fake of the other services: those in `away` do not answer, those in `slow` have not done their part."""

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.slow: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    async def has_erased(self, service: str, user: str) -> bool:
        """See erasure.clients.ErasingServices."""
        self.asked.append((service, user))
        if service in self.away:
            raise DependencyUnavailable(f"The {service} service does not answer.")
        return service not in self.slow


class KnownRows:
    """A fake of another service: hands out the same rows of everybody, `at_once` on a page, as one part."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[dict[str, Any]] = [{"of": name, "text": "=1+1"}]
        self.at_once = 2
        self.is_away = False
        self.asked = 0
        self.before: Callable[[], Awaitable[None]] | None = None

    async def page(self, user: str, cursor: str | None) -> ExportPage:
        """See exports.clients.ExportingService. `before` is awaited first, if there is one."""
        self.asked += 1
        if self.before:
            await self.before()
        if self.is_away:
            raise DependencyUnavailable(f"The {self.name} service does not answer.")
        begin = int(cursor or 0)
        end = begin + self.at_once
        items = self.rows[begin:end]
        return ExportPage(
            part="things", about="What you have.", items=items, next=str(end) if end < len(self.rows) else None
        )


class World:
    """One process of the service, and what people do with it."""

    def __init__(self, stack: AsyncExitStack, database_url: str, pool: UserPool, cache_url: str = "mem://") -> None:
        settings = UsersSettings(
            port=0,
            database_url=database_url,
            cache_url=cache_url,
            token_issuer=pool.issuer,
            jwks_url="http://pool.example/jwks.json",
            web_client_id=pool.web_client_id,
            topic_arn="arn:aws:sns:eu-central-1:000000000000:transaction-events",
            queue_url="http://queue.example/user",
            user_pool_id="pool",
            transactions_url="http://transactions.example",
            notifications_url="http://notifications.example",
            analytics_url="http://analytics.example",
            token_url="http://pool.example/oauth2/token",  # noqa: S106 - where, not what
            worker_client_id=pool.worker_client_id,
            worker_secret_id="worker",  # noqa: S106 - a name
        )
        base = lay(stack, settings, "users", tables.metadata)
        base.clock = base.real_clock = self.clock = FixedClock()
        self.pool, self.addresses = pool, KnownAddresses()
        self.coordinators: set[str] = set()
        self.database, self.cache = base.database, base.cache
        self.accounts, self.services = KnownAccounts(), OtherServices()
        self.neighbours = {name: KnownRows(name) for name in ("transactions", "notifications", "analytics")}
        outside = Outside(self.addresses, self.accounts, self.services, self.neighbours)
        wired = use_cases(base, outside, settings.erasure_days)
        self.sweeper, self.eraser, self.exporter = wired.sweeper, wired.eraser, wired.exporter
        self.rebuild = rebuild(base)
        live = handlers(Tally(StatisticsRepository()))
        self.inbox = Inbox("users", base.database, base.processed, live, self.rebuild)
        self.app = create_app(
            "users",
            health=Health(),
            verifier=pool.verifier(self.clock),
            routers=routers,
            state={**vars(wired), "operations": base.operations, "trails": base.trails},
            conceal=conceal,
        )
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url="http://users.example")

    async def send(
        self,
        method: str,
        path: str,
        by: str | None,
        body: Any = None,
        *,
        key: str | None = "",
        if_match: int | str | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """A request by a user. A POST has a new key unless one is given; None sends none. Bytes are sent unchanged."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if by is not None:
            groups = {"cognito:groups": ["coordinator"]} if by in self.coordinators else {}
            sent["authorization"] = f"Bearer {self.pool.token(by, **groups)}"
        if method == "POST" and key is not None:
            sent["idempotency-key"] = key or new_id()
        if if_match is not None:
            sent["if-match"] = f'"{if_match}"' if isinstance(if_match, int) else if_match
        if body is not None:
            sent.setdefault("content-type", MEDIA_TYPES.get(method, "application/json"))
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return await self.client.request(method, path, content=content, headers=sent)

    async def get(self, path: str, by: str | None, **more: Any) -> httpx2.Response:
        """GET a path."""
        return await self.send("GET", path, by, **more)

    async def sign_up(self, by: str, **more: Any) -> httpx2.Response:
        """POST a profile with these fields changed; `key` is the request's."""
        key = more.pop("key", "")
        body = {"first_name": "Ada", "last_name": "Berg", **more}
        return await self.send("POST", "/v1/users", by, body, key=key)

    async def member(self, **profile: Any) -> str:
        """The id of a new member."""
        id = new_id()
        answer = await self.sign_up(id, **profile)
        assert answer.status_code == 201, answer.text
        return id

    async def coordinator(self) -> str:
        """The id of a new member of whom the user pool says that they are a coordinator."""
        id = await self.member()
        self.coordinators.add(id)
        return id

    async def publish(self, by: str, **more: Any) -> httpx2.Response:
        """POST an offering of guitar lessons, with these fields changed; `key` is the request's."""
        key = more.pop("key", "")
        return await self.send("POST", "/v1/offerings", by, {"kind": "offer", "skill": "guitar", **more}, key=key)

    async def offering(self, by: str, **more: Any) -> str:
        """The id of a new offering."""
        answer = await self.publish(by, **more)
        assert answer.status_code == 201, answer.text
        id: str = answer.json()["id"]
        return id

    async def propose(self, by: str, **more: Any) -> httpx2.Response:
        """POST a proposal of a skill of the world's own, with these fields changed; `key` is the request's."""
        key = more.pop("key", "")
        body = {"name": f"Skill {new_id()}", "category": "music", **more}
        return await self.send("POST", "/v1/skills/proposals", by, body, key=key)

    async def proposal(self, by: str, **more: Any) -> str:
        """The id of a new proposal."""
        answer = await self.propose(by, **more)
        assert answer.status_code == 201, answer.text
        id: str = answer.json()["id"]
        return id

    async def patch(self, path: str, by: str, body: Any, if_match: int | str | None = 1) -> httpx2.Response:
        """PATCH a path."""
        return await self.send("PATCH", path, by, body, if_match=if_match)

    async def as_worker(self, path: str, *scopes: str) -> httpx2.Response:
        """GET a path as a worker."""
        return await self.client.get(path, headers={"authorization": f"Bearer {self.pool.worker_token(*scopes)}"})

    async def events(self, subject: str) -> list[Event]:
        """The events in the outbox that tell of this user or offering, by sequence."""
        outbox = tables.outbox.c
        query = select(outbox.payload).where(outbox.subject == subject).order_by(outbox.sequence)
        async with self.database.read() as connection:
            return [Event.from_json(row.payload) for row in await connection.execute(query)]

    async def sweep(self) -> None:
        """Let the sweeper do all there is to do."""
        while await self.sweeper.turn():
            pass

    async def export(self, by: str) -> str:
        """The id of a new export, asked for and not made yet."""
        answer = await self.send("POST", "/v1/users/me/exports", by)
        assert answer.status_code == 202, answer.text
        id: str = answer.json()["id"]
        return id

    async def make_exports(self) -> None:
        """Let the exporter try all that is due."""
        while await self.exporter.turn(asyncio.Event()):
            pass

    async def as_coordinator(self, path: str, body: Any = None) -> httpx2.Response:
        """POST as a coordinator with a profile, a new one each time."""
        token = self.pool.token(await self.member(), **{"cognito:groups": ["coordinator"]})
        return await self.send("POST", path, None, body, authorization=f"Bearer {token}")

    async def set_status(self, user: str, status: str) -> None:
        """Suspend or erase a user, as coordinators will be able to."""
        users = tables.users
        await self.database.run(
            lambda unit: unit.connection.execute(update(users).where(users.c.id == user).values(status=status))
        )


@pytest.fixture(scope="session")
def pool() -> UserPool:
    """A user pool; its key takes a moment to make."""
    return UserPool()


@pytest.fixture
def migrated_url(database_url: str) -> str:
    """The URL of a migrated database of this test's own; SQLite, then MariaDB."""
    migrations.upgrade(database_url, HOME / "migrations")
    return database_url


@pytest.fixture(scope="module")
def shared_url(module_database_url: str) -> str:
    """The same, shared by the module's tests; each makes up members of its own."""
    migrations.upgrade(module_database_url, HOME / "migrations")
    return module_database_url


@pytest.fixture
def world_over() -> type[World]:
    """The service over a database of the test's choice."""
    return World


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
async def other_process(shared_url: str, pool: UserPool) -> AsyncIterator[World]:
    """Another process's worth of the service over the same database, with connections of its own."""
    async with AsyncExitStack() as stack:
        yield World(stack, shared_url, pool)
