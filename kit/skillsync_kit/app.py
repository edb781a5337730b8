"""The app factory: what every service's HTTP has in common.

Problem details for every error, a request id, one log line a request, trace and correlation ids, deadlines, a limit on
bodies and on what is at work at once, and the health routes.
"""

import os
import re
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from skillsync_kit import deadline, problems
from skillsync_kit.auth import TokenVerifier
from skillsync_kit.clock import monotonic_seconds
from skillsync_kit.errors import TooLarge
from skillsync_kit.ids import new_id
from skillsync_kit.openapi import Api
from skillsync_kit.routing import Conceal
from skillsync_kit.shedding import Shedding
from skillsync_kit.telemetry import flow, log

__all__ = ["Health", "create_app", "create_health_app"]

_LARGEST_BODY_BYTES = 256 * 1024
_LIMIT_IN_WORDS = f"At most {_LARGEST_BODY_BYTES} bytes are taken."
_SANE_ID = re.compile(r"[A-Za-z0-9._=-]{1,128}")


class Health:
    """What the probes tell. Ready means: migrated, pools warm, not draining; never that a dependency answers now."""

    def __init__(self) -> None:
        self.is_ready = False
        self._began = monotonic_seconds()

    def routes(self) -> APIRouter:
        """The liveness and readiness routes."""
        router = APIRouter(prefix="/health", include_in_schema=False)

        @router.get("/live")
        async def live() -> dict[str, str]:
            return {"status": "live"}

        @router.get("/ready")
        async def ready() -> JSONResponse:
            # Two processes may answer at one address while the one takes over from the other: it says which this is.
            answer = {
                "status": "ready" if self.is_ready else "not ready",
                "process": os.getpid(),
                "uptime_seconds": round(monotonic_seconds() - self._began, 1),
            }
            return JSONResponse(answer, 200 if self.is_ready else 503)

        return router


def create_health_app(health: Health) -> FastAPI:
    """The HTTP of a worker: the health routes alone."""
    app = FastAPI(openapi_url=None)
    problems.install(app)
    app.include_router(health.routes())
    return app


def create_app(
    name: str,
    *,
    health: Health,
    verifier: TokenVerifier,
    routers: Iterable[APIRouter],
    state: dict[str, Any],
    conceal: Conceal | None = None,
) -> FastAPI:
    """A service's app. `state` is put on `app.state`, where the routers' dependencies find it."""
    app = Api(
        title=f"SkillSync {name}",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        strict_content_type=False,
        # The request's span is opened in _RequestFlow, with the ids that log lines and events carry: one is enough.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.verifier = verifier
    app.state.conceal = conceal
    for key, value in state.items():
        setattr(app.state, key, value)
    problems.install(app)
    app.include_router(health.routes())
    for router in routers:
        # Not include_router: it would match each request against the router first, and then against the routes in it.
        app.router.routes.extend(router.routes)
    # The last one comes first.
    app.add_middleware(Shedding)
    app.add_middleware(_WholeBody)
    app.add_middleware(_RequestFlow)
    return app


class _RequestFlow:
    """Gives each request its ids, trace and deadline, and writes its log line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _sane(headers.get("x-request-id")) or new_id()
        correlation_id = _sane(headers.get("x-correlation-id")) or request_id
        started = monotonic_seconds()
        status, has_begun = 500, False

        async def send_with_ids(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                status = message["status"]
                answer = MutableHeaders(scope=message)
                answer["x-request-id"] = request_id
                answer.setdefault("cache-control", "private, no-cache")
            await send(message)

        with (
            flow(
                f"{scope['method']} request",
                parent=headers.get("traceparent"),
                correlation_id=correlation_id,
                causation_id=request_id,
            ),
            deadline.until(headers.get(deadline.HEADER)),
        ):
            try:
                await self._app(scope, receive, send_with_ids)
            except Exception as mistake:
                # Answered here, inside the ids: the framework's own handler for the unexpected lies outside of them.
                answer = problems.mistake_response(mistake)
                if has_begun:
                    raise
                await answer(scope, receive, send_with_ids)
            finally:
                log.info(
                    "request",
                    method=scope["method"],
                    # The route's pattern, not the path: a path can hold what a person should not have put there.
                    route=getattr(scope.get("route"), "path", "none"),
                    status=status,
                    milliseconds=round((monotonic_seconds() - started) * 1000, 1),
                    request_id=request_id,
                )


class _WholeBody:
    """Takes a body in, whole and within the limit, before anything else is done for its request.

    Who sends slowly holds a connection by that, and no place among the requests at work.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > _LARGEST_BODY_BYTES:
            await _refuse(scope, receive, send)
            return
        if declared == "0" and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        body, has_more = bytearray(), True
        while has_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            has_more = message.get("more_body", False)
            if len(body) > _LARGEST_BODY_BYTES:
                await _refuse(scope, receive, send)
                return
        whole = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def receive_whole() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, receive_whole, send)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problems.problem_response(TooLarge(_LIMIT_IN_WORDS))
    answer.headers["connection"] = "close"
    await answer(scope, receive, send)


def _sane(value: str | None) -> str | None:
    return value if value and _SANE_ID.fullmatch(value) else None
