"""The gateway as an ASGI application: one request in, one answer out, in the order API Gateway goes."""

import asyncio
import base64
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2

from skillsync.gateway.access_log import AccessLog
from skillsync.gateway.answers import Answer, Header, Refused, own_answer
from skillsync.gateway.authorizer import JwtAuthorizer
from skillsync.gateway.cors import Cors
from skillsync.gateway.edge import Edge, JwtSettings, Route
from skillsync.gateway.headers import request_headers, response_headers
from skillsync.gateway.keys import KeyStore
from skillsync.gateway.mapping import RequestContext
from skillsync.gateway.routing import DEFAULT, Router
from skillsync.gateway.site import Site
from skillsync.gateway.throttle import TokenBucket
from skillsync.gateway.upstream import MAX_BODY_BYTES, ResponseTooLarge, Upstream, parse, refusal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEALTH_PATH = "/_gateway/health"
MAX_HEAD_BYTES = 10_240  # quota of an HTTP API: request line and headers
BODY_SECONDS = 30.0  # a client that sends more slowly is given up on
JWKS_SECONDS, JWKS_BYTES = 1.5, 150_000  # quotas of an HTTP API
_BEGAN = time.monotonic()
_MAX_DISCARDED_BYTES = 2 * MAX_BODY_BYTES
_logger = logging.getLogger("skillsync.gateway")


@dataclass(slots=True)
class Request:
    """`path` and `query` are the bytes of the request line."""

    method: str
    path: bytes
    query: bytes
    headers: list[Header]
    client: str
    scheme: str
    receive: Receive
    id: str = field(default_factory=lambda: base64.urlsafe_b64encode(os.urandom(11)).decode())
    route: Route | None = None
    sub: str | None = None
    error: str = ""

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)


class Gateway:
    def __init__(self, edge: Edge, jwks_url: str, log: AccessLog | None = None, site: Site | None = None) -> None:
        self._log = log or AccessLog()
        self._site = site
        self._router = Router((route.key, route) for route in edge.routes)
        self._cors = Cors(edge.cors) if edge.cors else None
        self._upstream = Upstream()
        fetch = partial(self._upstream.fetch, jwks_url, timeout_seconds=JWKS_SECONDS, max_bytes=JWKS_BYTES)
        self._keys = KeyStore(fetch)
        authorizers = {route.authorizer for route in edge.routes if route.authorizer}
        self._authorizers: dict[JwtSettings, JwtAuthorizer] = {
            settings: JwtAuthorizer(settings, self._keys) for settings in authorizers
        }
        self._buckets = {
            route.key.text: TokenBucket(edge.throttle.rate, edge.throttle.burst)
            for route in edge.routes
            if edge.throttle
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await self._keys.warm()
            await send({"type": "lifespan.startup.complete"})
        await self._upstream.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        client = (scope["client"] or ("unknown",))[0]
        path, query, headers = scope["raw_path"], scope["query_string"], scope["headers"]
        request = Request(scope["method"], path, query, headers, client, scope["scheme"], receive)
        answer = _health(request) or self._page(request)
        logged = answer is None
        if answer is None:
            answer = await self._answer(request)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})
        if logged:
            self._log.write(
                request_id=request.id,
                route_key=request.route.key.text if request.route else None,
                method=request.method,
                status=answer.status,
                latency_milliseconds=(time.perf_counter() - started) * 1000,
                sub=request.sub,
                error=request.error,
            )

    def _page(self, request: Request) -> Answer | None:
        """The web app, which API Gateway does not have; where a route takes the path, the route goes first."""
        page = self._site.answer(request.method, request.path, request.headers) if self._site else None
        return page if page and self._router.select(request.method, request.path) is None else None

    async def _answer(self, request: Request) -> Answer:
        try:
            answer = await self._through_the_edge(request)
        except Refused as refused:
            request.error = refused.reason
            answer = refused.answer()
            answer.headers += self._cors_headers(request)
        except Exception as error:
            _logger.exception("a request failed in the gateway itself")
            request.error = type(error).__name__
            answer = Refused(500, "Internal Server Error").answer()
        answer.headers.append((b"apigw-requestid", request.id.encode()))
        return answer

    def _cors_headers(self, request: Request) -> list[Header]:
        origin = request.header(b"origin")
        return self._cors.headers(origin) if self._cors and origin is not None else []

    async def _through_the_edge(self, request: Request) -> Answer:
        _check_size(request)
        found = self._router.select(request.method, request.path)
        # A route that takes OPTIONS, ANY included, gets the preflight too: so does API Gateway.
        if found is None:
            origin = request.header(b"origin")
            if self._cors and origin is not None and _is_preflight(request):
                return self._cors.preflight(origin)
            raise Refused(404, "Not Found", "no route")
        key, request.route, variables = found
        bucket = self._buckets.get(key.text)
        if bucket is not None and not bucket.take():
            raise Refused(429, "Too Many Requests", "throttled")
        claims: dict[str, Any] = {}
        if request.route.authorizer:
            authorizer = self._authorizers[request.route.authorizer]
            claims = await authorizer.claims(request.headers, request.route.scopes)
            request.sub = str(claims["sub"]) if "sub" in claims else None
        body = await _read_body(request)
        context = RequestContext(
            request.id,
            key.text,
            request.method,
            request.path.decode("latin-1"),
            request.client,
            request.headers,
            variables,
            claims,
        )
        return await self._integrate(request, request.route, context, body)

    async def _integrate(self, request: Request, route: Route, context: RequestContext, body: bytes) -> Answer:
        integration = route.integration
        host = parse(integration.url).netloc
        headers = request_headers(request.headers, integration.mapping.owned, host, request.client, request.scheme)
        headers += integration.mapping.headers(context)
        if body or _announces_body(request):
            headers.append((b"content-length", str(len(body)).encode()))
        method = request.method if integration.method == "ANY" else integration.method
        target = _target(route, context) + (b"?" + request.query if request.query else b"")
        try:
            answer = await self._upstream.send(
                method, integration.url, target, headers, body, timeout_seconds=integration.timeout_seconds
            )
        except (TimeoutError, ResponseTooLarge, httpx2.TransportError) as error:
            raise refusal(error) from error
        answer.headers = response_headers(answer, method, without_cors=self._cors is not None)
        answer.headers += self._cors_headers(request)
        return answer


def _health(request: Request) -> Answer | None:
    if request.method not in ("GET", "HEAD") or request.path != HEALTH_PATH.encode():
        return None
    uptime = round(time.monotonic() - _BEGAN, 1)
    health = json.dumps({"status": "ready", "process": os.getpid(), "uptime_seconds": uptime})
    return own_answer(200, b"application/json", health.encode(), [])


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and request.header(b"access-control-request-method") is not None


def _announces_body(request: Request) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in request.headers)


def _check_size(request: Request) -> None:
    head = len(request.path) + len(request.query) + sum(len(name) + len(value) for name, value in request.headers)
    if head > MAX_HEAD_BYTES:
        raise Refused(431, "Request Header Fields Too Large", "head too large")
    length = request.header(b"content-length")
    if length is not None and int(length) > MAX_BODY_BYTES:
        raise _too_large(rest_is_bounded=int(length) <= _MAX_DISCARDED_BYTES)


async def _read_body(request: Request) -> bytes:
    parts: list[bytes] = []
    size, more = 0, _announces_body(request)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise Refused(400, "Bad Request", "client went away")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                more = message.get("more_body", False)
                if size > MAX_BODY_BYTES:
                    parts.clear()
                    more = more and size <= _MAX_DISCARDED_BYTES
    except TimeoutError:
        raise Refused(408, "Request Timeout", "body too slow", [(b"connection", b"close")]) from None
    if size > MAX_BODY_BYTES:
        raise _too_large(rest_is_bounded=size <= _MAX_DISCARDED_BYTES)
    return b"".join(parts)


def _too_large(*, rest_is_bounded: bool) -> Refused:
    # A client that still sends would not see the answer if the connection closed at once: so some is read and lost.
    close = [] if rest_is_bounded else [(b"connection", b"close")]
    return Refused(413, "Request Entity Too Large", "body too large", close)


def _target(route: Route, context: RequestContext) -> bytes:
    """The path a service is asked for, percent-encoded as the client wrote it."""
    mapped = route.integration.mapping.path
    path = mapped(context) if mapped else None
    if path is None and route.key.text == DEFAULT:
        path = route.integration.path.rstrip("/") + context.path
    elif path is None:
        path = route.integration.path
        for name, value in context.variables.items():
            path = path.replace("{" + name + "}", value)
    return path.encode("latin-1")
