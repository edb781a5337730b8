"""The operators' API over one consumer's queues in a cloud account, beside services that answer what a test plans."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from skillsync.operations.api import system
from skillsync.operations.api.main import conceal
from skillsync.operations.api.redrives import Redrives
from skillsync.operations.api.router import router
from skillsync.operations.api.system import LiveSystem
from skillsync.operations.api.trails import ExchangeTrails
from skillsync.operations.aws import Messaging
from skillsync_kit.app import Health, create_app
from skillsync_kit.cache import Cache
from skillsync_kit.clock import SystemClock
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.ids import new_id
from skillsync_kit.internal_client import InternalService
from skillsync_kit.testing import FixedClock, UserPool

SERVICES = ("users", "transactions", "notifications", "analytics")


class WorkerToken:
    """Gives the one token there is."""

    async def get(self) -> str:
        return "a-worker-token"

    def forget(self, token: str) -> None:
        """There is no other."""


class OperationsApi:
    """The API's app, and whom it asks."""

    def __init__(self, http: httpx2.AsyncClient, cloud: Any, services_url: str, pool: UserPool, cache: Cache) -> None:
        self.pool = pool
        self.processes: dict[str, str] = {}
        self.operator = pool.token(new_id(), **{"cognito:groups": ["operator"]})
        messaging = Messaging(aws_endpoint=cloud.status["aws_endpoint"], queues=cloud.status["queues"])
        services = {
            name: InternalService(ServiceClient(http, name, services_url, timeout_seconds=30), WorkerToken())
            for name in SERVICES
        }
        self.system = LiveSystem(
            messaging=messaging,
            sqs=cloud.sqs,
            cloudwatch=cloud.client("cloudwatch", cloud.status["aws_endpoint"]),
            services=services,
            http=http,
            processes=self.processes,
            clock=FixedClock(),
        )
        self.redrives = Redrives(messaging=messaging, sqs=cloud.sqs, cache=cache)
        self.app = create_app(
            "operations",
            health=Health(),
            verifier=pool.verifier(SystemClock()),
            routers=[router],
            state={
                "system": self.system,
                "redrives": self.redrives,
                "trails": ExchangeTrails(services, FixedClock()),
            },
            conceal=conceal,
        )
        self._client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app), base_url="http://operations.example"
        )

    async def send(self, method: str, path: str, token: str | None = None, **headers: str) -> httpx2.Response:
        """A request, by an operator unless a token is given."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._client.request(
            method, f"/v1/operations{path}", headers={"Authorization": f"Bearer {token or self.operator}", **sent}
        )

    async def get(self, path: str) -> httpx2.Response:
        return await self.send("GET", path)


@pytest.fixture(scope="session")
def pool() -> UserPool:
    """A user pool; its key takes a moment to make."""
    return UserPool()


@pytest.fixture
async def api(
    cloud: Any, answers: Any, pool: UserPool, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OperationsApi]:
    # However busy the machine is: what is there answers.
    for patience in ("_PROBE_SECONDS", "_QUEUES_SECONDS"):
        monkeypatch.setattr(system, patience, 30.0)
    cache = Cache("mem://", "operations")
    async with httpx2.AsyncClient(trust_env=False) as http:
        yield OperationsApi(http, cloud, answers.url, pool, cache)
    await cache.close()
