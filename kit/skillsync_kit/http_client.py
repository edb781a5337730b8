"""Calls to another service: with a deadline, the caller's trace and token, and bounded retries.

    deadline → bulkhead → breaker → attempt

and a failed attempt once more from the start, as long as the retry budget has something left.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx2

from skillsync_kit import deadline, metrics
from skillsync_kit.breaker import Breaker, BreakerOpen
from skillsync_kit.bulkhead import Bulkhead, Full
from skillsync_kit.clock import monotonic_seconds
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.retry_budget import RetryBudget
from skillsync_kit.telemetry import current_flow, log, traceparent

__all__ = ["ServiceClient", "TokenRefused"]

_ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 0.1
_ANSWERS_WORTH_RETRYING = frozenset({429, 502, 503, 504})
_LONGEST_WAIT_SECONDS = 1.0
# All of these together are fewer than a service has at work: the others go on when a dependency stands still.
_AT_ONCE, _WAITING = 12, 20
_WAIT_FOR_A_PLACE_SECONDS = 0.25
# An attempt with less time than this fails for its caller's hurry, which tells nothing of the dependency. Otherwise
# anybody could open the breaker for everybody, by a deadline of a few milliseconds.
_TELLING_SECONDS = 0.5


class TokenRefused(DependencyUnavailable):
    """The other service does not take the token: it expired, or its key or client is no longer known there."""


class _TryAgain(Exception):
    """An attempt failed in a way that may pass.

    `wait_seconds` is when to come back, if the other side says so; `needs_seconds`, how long was not long enough.
    """

    def __init__(self, *, wait_seconds: float | None = None, needs_seconds: float = 0) -> None:
        super().__init__()
        self.wait_seconds = wait_seconds
        self.needs_seconds = needs_seconds


class ServiceClient:
    """A client of one other service, `name`, at `base_url`: one for each in a process. One layer retries: this one."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        name: str,
        base_url: str,
        *,
        timeout_seconds: float = 2,
        monotonic: Callable[[], float] = monotonic_seconds,
    ) -> None:
        """An attempt takes `timeout_seconds` at most; `monotonic` is the breaker's clock."""
        self._client = client
        self._name = name
        self._base_url = base_url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._telling_seconds = min(_TELLING_SECONDS, timeout_seconds)
        self._budget = RetryBudget()
        self._bulkhead = Bulkhead(_AT_ONCE, _WAITING)
        self._breaker = Breaker(opened=self._has_opened, monotonic=monotonic)

    async def get(
        self, path: str, token: str, *, query: Sequence[tuple[str, str]] = (), missing_is_none: bool = False
    ) -> Any:
        """The JSON at `path`, asked for with `token`; None for 404 when `missing_is_none`.

        Raises DependencyUnavailable when the service does not give an answer of 2xx in time (TokenRefused for 401), at
        once when it has not for a while; DeadlineExceeded when the caller of the current request waits no longer.
        """
        began = monotonic_seconds()
        self._count("calls")
        try:
            answer = await self._retried(self._base_url + path, token, query)
        finally:
            metrics.spent("call-took", (monotonic_seconds() - began) * 1000, dependency=self._name)
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

    async def _retried(self, url: str, token: str, query: Sequence[tuple[str, str]]) -> httpx2.Response:
        self._budget.earn()
        number = 1
        while True:
            try:
                return await self._attempt(url, token, query)
            except _TryAgain as trouble:
                wait_seconds = _wait_seconds(number, trouble)
                if number == _ATTEMPTS or not self._may_retry(wait_seconds, trouble.needs_seconds):
                    raise DependencyUnavailable(f"The {self._name} service does not answer.") from trouble
            except httpx2.RequestError as error:
                raise DependencyUnavailable(f"The {self._name} service does not answer.") from error
            number += 1
            self._count("retries")
            await asyncio.sleep(wait_seconds)

    def _may_retry(self, wait_seconds: float, needs_seconds: float) -> bool:
        takes_seconds = wait_seconds + needs_seconds
        # What would run into the deadline is not begun: the caller hears of it while it still listens.
        if takes_seconds > deadline.remaining_seconds(takes_seconds + 1) or self._breaker.is_refusing:
            return False
        # To come back sooner than asked would be no courtesy, and nobody waits for longer than this.
        if wait_seconds > _LONGEST_WAIT_SECONDS:
            return False
        if not self._budget.spend():
            self._count("retries-refused")
            return False
        return True

    async def _attempt(self, url: str, token: str, query: Sequence[tuple[str, str]]) -> httpx2.Response:
        wait_seconds = deadline.remaining_seconds(_WAIT_FOR_A_PLACE_SECONDS)
        try:
            # Asked before as well: who is going to be refused does not wait for a place first.
            if self._breaker.is_refusing:
                raise BreakerOpen
            async with self._bulkhead.place(wait_seconds):
                return await self._guarded(url, token, query)
        except BreakerOpen as refusal:
            self._count("breaker-refused")
            raise DependencyUnavailable(f"The {self._name} service has not answered for a while.") from refusal
        except Full as refusal:
            self._count("bulkhead-refused")
            raise DependencyUnavailable(f"The {self._name} service has too much to answer.") from refusal

    async def _guarded(self, url: str, token: str, query: Sequence[tuple[str, str]]) -> httpx2.Response:
        seconds = deadline.remaining_seconds(self._timeout_seconds)
        with self._breaker.attempt() as attempt:
            try:
                answer = await self._once(url, token, query, seconds)
            except (_TryAgain, httpx2.RequestError):
                if seconds >= self._telling_seconds:
                    attempt.failed()
                raise
            if answer.status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
                attempt.succeeded()
            elif seconds >= self._telling_seconds:
                attempt.failed()
        if answer.status_code in _ANSWERS_WORTH_RETRYING:
            raise _TryAgain(wait_seconds=_retry_after_seconds(answer.headers))
        return answer

    async def _once(self, url: str, token: str, query: Sequence[tuple[str, str]], seconds: float) -> httpx2.Response:
        try:
            # The client's own timeouts are from one byte to the next: a trickle would outlast any deadline.
            async with asyncio.timeout(seconds):
                return await self._client.get(url, params=list(query), headers=_headers(token, seconds), timeout=None)
        except TimeoutError as error:
            raise _TryAgain(needs_seconds=seconds) from error
        except httpx2.TransportError as error:
            raise _TryAgain from error

    def _has_opened(self) -> None:
        self._count("breaker-opened")
        log.warning("breaker opened", dependency=self._name)

    def _count(self, name: str) -> None:
        metrics.count(name, dependency=self._name)


def _headers(token: str, seconds: float) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}", deadline.HEADER: str(int(seconds * 1000))}
    correlation_id, trace = current_flow().correlation_id, traceparent()
    if correlation_id:
        headers["x-correlation-id"] = correlation_id
    if trace:
        headers["traceparent"] = trace
    return headers


def _wait_seconds(number: int, trouble: _TryAgain) -> float:
    """How long to wait after the attempt of this number: as asked for (RFC 9110, 10.2.3), else full jitter."""
    if trouble.wait_seconds is not None:
        return trouble.wait_seconds
    return random.uniform(0, min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**number))  # noqa: S311 - no secret


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None
