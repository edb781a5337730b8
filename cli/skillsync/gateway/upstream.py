"""Calls to the services behind the gateway, over one pool of connections.

httpx2's transport is used without its client: the client would remove dot segments, follow cookies and decode bodies,
and costs more. The transport sends the target and the headers byte for byte and hands the body over as it came.
"""

import asyncio
from functools import lru_cache

import httpx2

from skillsync.gateway.answers import Answer, Header, Refused

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's payload quota, both ways
# Shorter than a service in its drain keeps what nobody uses: no request is sent on a connection that is being closed.
KEEP_ALIVE_SECONDS = 1.0
_LIMITS = httpx2.Limits(
    max_connections=256,
    max_keepalive_connections=64,
    keepalive_expiry=KEEP_ALIVE_SECONDS,
)


class ResponseTooLarge(Exception):
    """The body is larger than the caller wants."""


class Upstream:
    def __init__(self) -> None:
        self._transport = httpx2.AsyncHTTPTransport(limits=_LIMITS, trust_env=False)

    async def close(self) -> None:
        await self._transport.aclose()

    async def send(
        self,
        method: str,
        url: str,
        target: bytes,
        headers: list[Header],
        body: bytes,
        *,
        timeout_seconds: float,
        max_bytes: int = MAX_BODY_BYTES,
    ) -> Answer:
        """Send to `url` (scheme, host, port) and read the whole answer, its body undecoded.

        Raises TimeoutError after `timeout_seconds` in all, ResponseTooLarge, httpx2.TransportError.
        """
        request = httpx2.Request(
            method,
            parse(url),
            headers=headers,
            stream=httpx2.ByteStream(body),
            extensions={"target": target},
        )
        async with asyncio.timeout(timeout_seconds):
            response = await self._handle(request)
            try:
                parts, size = [], 0
                async for part in response.aiter_raw():
                    parts.append(part)
                    size += len(part)
                    if size > max_bytes:
                        raise ResponseTooLarge
            finally:
                await response.aclose()
        return Answer(response.status_code, response.headers.raw, b"".join(parts))

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._transport.handle_async_request(request)
        except httpx2.TransportError:
            raise
        except Exception as error:
            # A connection that is reset while the library looks at it fails with an error of another kind.
            raise httpx2.NetworkError(type(error).__name__) from error

    async def fetch(self, url: str, *, timeout_seconds: float, max_bytes: int) -> bytes:
        """GET a document; anything but 200 raises httpx2.TransportError."""
        whole = httpx2.URL(url)
        base = f"{whole.scheme}://{whole.netloc.decode()}"
        answer = await self.send(
            "GET",
            base,
            whole.raw_path,
            [(b"host", whole.netloc)],
            b"",
            timeout_seconds=timeout_seconds,
            max_bytes=max_bytes,
        )
        if answer.status != 200:
            raise httpx2.TransportError(f"status {answer.status}")
        return answer.body


@lru_cache(maxsize=64)
def parse(url: str) -> httpx2.URL:
    return httpx2.URL(url)


def refusal(error: Exception) -> Refused:
    """What a client is told when the service did not answer.

    An HTTP API says 503 for an integration that timed out as for one that cannot be reached (a REST API says 504);
    the access log tells them apart.
    """
    if isinstance(error, (TimeoutError, httpx2.TimeoutException)):
        return Refused(503, "Service Unavailable", "integration timed out")
    if isinstance(error, httpx2.LocalProtocolError):
        return Refused(400, "Bad Request", "request cannot be passed on")
    if isinstance(error, ResponseTooLarge):
        return Refused(500, "Internal Server Error", "integration's answer is too large")
    return Refused(503, "Service Unavailable", f"integration failed: {type(error).__name__}")
