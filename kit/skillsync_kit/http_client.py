"""Calls to another service: with a deadline, the caller's trace and token, and bounded retries."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import stamina

from skillsync_kit import deadline
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.telemetry import current_flow, traceparent

__all__ = ["ServiceClient", "TokenRefused"]

_ATTEMPTS = 3
_ANSWERS_WORTH_RETRYING = frozenset({429, 502, 503, 504})
_LONGEST_WAIT_SECONDS = 1.0


class TokenRefused(DependencyUnavailable):
    """The other service does not take the token: it expired, or its key or client is no longer known there."""


class _TryAgain(Exception):
    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class ServiceClient:
    """A client of one other service, `name`, at `base_url`. One layer retries: this one."""

    def __init__(self, client: httpx2.AsyncClient, name: str, base_url: str, *, timeout_seconds: float = 2) -> None:
        self._client = client
        self._name = name
        self._base_url = base_url.rstrip("/")
        self._timeout_seconds = timeout_seconds

    async def get(
        self, path: str, token: str, *, query: Sequence[tuple[str, str]] = (), missing_is_none: bool = False
    ) -> Any:
        """The JSON at `path`, asked for with `token`; None for 404 when `missing_is_none`.

        Raises DependencyUnavailable when the service does not give an answer of 2xx in time (TokenRefused for 401),
        DeadlineExceeded when the caller of the current request waits no longer.
        """
        url = self._base_url + path
        try:
            async for attempt in stamina.retry_context(
                on=_worth_retrying, attempts=_ATTEMPTS, timeout=5, wait_initial=0.05, wait_max=1, wait_jitter=0.2
            ):
                with attempt:
                    answer = await self._once(url, token, query)
        except (_TryAgain, httpx2.RequestError) as error:
            raise DependencyUnavailable(f"The {self._name} service does not answer.") from error
        if missing_is_none and answer.status_code == httpx2.codes.NOT_FOUND:
            return None
        if answer.status_code == httpx2.codes.UNAUTHORIZED:
            raise TokenRefused(f"The {self._name} service does not take the token.")
        if not answer.is_success:
            raise DependencyUnavailable(f"The {self._name} service answered {answer.status_code}.")
        try:
            return answer.json()
        except ValueError as error:
            raise DependencyUnavailable(f"The {self._name} service's answer cannot be read.") from error

    async def _once(self, url: str, token: str, query: Sequence[tuple[str, str]]) -> httpx2.Response:
        seconds = deadline.remaining_seconds(self._timeout_seconds)
        try:
            # The client's own timeouts are from one byte to the next: a trickle would outlast any deadline.
            async with asyncio.timeout(seconds):
                answer = await self._client.get(url, params=list(query), headers=_headers(token, seconds), timeout=None)
        except TimeoutError as error:
            raise _TryAgain("timeout") from error
        if answer.status_code in _ANSWERS_WORTH_RETRYING:
            raise _TryAgain(str(answer.status_code), _retry_after_seconds(answer.headers))
        return answer


def _headers(token: str, seconds: float) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}", deadline.HEADER: str(int(seconds * 1000))}
    correlation_id, trace = current_flow().correlation_id, traceparent()
    if correlation_id:
        headers["x-correlation-id"] = correlation_id
    if trace:
        headers["traceparent"] = trace
    return headers


def _worth_retrying(error: Exception) -> bool | float:
    """Whether to try again; as a number, after how many seconds the other side asks for (RFC 9110, 10.2.3)."""
    if isinstance(error, _TryAgain):
        # To come back sooner than asked would be no courtesy, and nobody waits for longer than that.
        if error.wait_seconds is None or error.wait_seconds > _LONGEST_WAIT_SECONDS:
            return error.wait_seconds is None
        return error.wait_seconds
    return isinstance(error, httpx2.TransportError)


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None
