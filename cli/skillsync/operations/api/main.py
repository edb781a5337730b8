"""Composition root: wires the operators' API by hand, and runs it.

python -m skillsync.operations.api.main api
"""

from contextlib import AsyncExitStack
from typing import Any

import httpx2
from fastapi import Request

from skillsync.local.pool import make_client
from skillsync.operations.api.redrives import Redrives
from skillsync.operations.api.router import router
from skillsync.operations.api.settings import OperationsSettings
from skillsync.operations.api.system import LiveSystem
from skillsync.operations.api.trails import ExchangeTrails
from skillsync_kit import process
from skillsync_kit.app import Health, create_app
from skillsync_kit.auth import Principal, require_operator
from skillsync_kit.aws import open_client
from skillsync_kit.cache import Cache
from skillsync_kit.clock import SystemClock
from skillsync_kit.foundation import open_http, verifier_of
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.internal_client import InternalService
from skillsync_kit.process import Parts
from skillsync_kit.worker_tokens import SecretsManager, WorkerTokens

__all__ = ["build", "conceal"]

_NAME = "operations"
_SCOPES = ("skillsync/operations.read",)
# Who looks at a broken system learns soon that a part of it hangs.
_AWS_SECONDS = 2


async def build(stack: AsyncExitStack, settings: OperationsSettings) -> Parts:
    """The process's parts, over what `stack` will close. It has no database: it keeps nothing of its own."""
    clock, http, messaging = SystemClock(), open_http(stack), settings.messaging
    cache = Cache(settings.cache_address, _NAME)
    stack.push_async_callback(cache.close)
    services = await _services(stack, settings, http)
    sqs, cloudwatch = (_aws(settings, service) for service in ("sqs", "cloudwatch"))
    health = Health()
    app = create_app(
        _NAME,
        health=health,
        verifier=verifier_of(settings, http, clock),
        routers=[router],
        state={
            "system": LiveSystem(
                messaging=messaging,
                sqs=sqs,
                cloudwatch=cloudwatch,
                services=services,
                http=http,
                processes=settings.processes,
                clock=clock,
            ),
            "redrives": Redrives(messaging=messaging, sqs=sqs, cache=cache),
            "trails": ExchangeTrails(services, clock),
        },
        conceal=conceal,
    )
    return Parts(app, health)


async def conceal(_: Request, principal: Principal) -> None:
    """Raise NotFound: to all but operators nothing is here, however it is asked for."""
    require_operator(principal)


async def _services(
    stack: AsyncExitStack, settings: OperationsSettings, http: httpx2.AsyncClient
) -> dict[str, InternalService]:
    keeper = SecretsManager(await open_client(stack, "secretsmanager"), settings.worker_secret_id)
    tokens = WorkerTokens(
        http,
        url=settings.token_url,
        client_id=settings.worker_client_id,
        read_secret=keeper.read,
        scopes=_SCOPES,
    )
    return {name: InternalService(ServiceClient(http, name, url), tokens) for name, url in settings.services.items()}


def _aws(settings: OperationsSettings, service: str) -> Any:
    # The clients of the command-line tools, whose functions are called in threads here.
    endpoint = settings.aws_endpoint or None
    return make_client(service, endpoint, settings.aws_region, read_timeout_seconds=_AWS_SECONDS)


def main() -> None:
    """Run the process."""
    process.run(_NAME, OperationsSettings, build)


if __name__ == "__main__":
    main()
