"""The system as it is now: processes, queues, outboxes. What is silent is told of, and hides nothing else."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import httpx2

from skillsync.errors import Problem
from skillsync.operations.aws import Messaging
from skillsync.operations.outbox import OUTBOX_PATH, PRODUCERS, OutboxRow, outbox_row, silent_row
from skillsync.operations.queues import QueueRow, read_queues
from skillsync_kit.clock import Clock, monotonic_seconds
from skillsync_kit.errors import Unavailable
from skillsync_kit.internal_client import InternalService
from skillsync_kit.telemetry import log

__all__ = ["LiveSystem", "Picture", "ProcessRow"]

# Several may watch, each asking every few seconds: they are shown the same picture.
_FRESH_SECONDS = 1.0
_PROBE_SECONDS = 2.0
# Within the edge's patience, with time for the rest.
_QUEUES_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One process, by its own word; `uptime_seconds` is None when it does not say."""

    name: str
    state: Literal["ready", "not-ready", "silent"]
    uptime_seconds: float | None
    answered_in_milliseconds: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything at about the same moment. `queues_problem` says why there are no queues in it."""

    as_of: datetime
    processes: Sequence[ProcessRow]
    queues: Sequence[QueueRow]
    queues_problem: str | None
    outboxes: Sequence[OutboxRow]


class LiveSystem:
    """Looks when asked, and not more often than once a second."""

    def __init__(
        self,
        *,
        messaging: Messaging,
        sqs: Any,
        cloudwatch: Any,
        services: Mapping[str, InternalService],
        http: httpx2.AsyncClient,
        processes: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._messaging = messaging
        self._sqs = sqs
        self._cloudwatch = cloudwatch
        self._services = services
        self._http = http
        self._processes = processes
        self._clock = clock
        self._looking = asyncio.Lock()
        self._picture: Picture | None = None
        self._looked_at = 0.0
        self._reading: asyncio.Future[list[QueueRow]] | None = None

    async def look(self) -> Picture:
        """The picture, at most a second old. Never raises for a part that does not answer."""
        async with self._looking:
            if self._picture is None or monotonic_seconds() - self._looked_at > _FRESH_SECONDS:
                self._picture = await self._look()
                self._looked_at = monotonic_seconds()
            return self._picture

    async def _look(self) -> Picture:
        as_of = self._clock.now()
        processes, (queues, problem), outboxes = await asyncio.gather(
            asyncio.gather(*(self._probe(name, url) for name, url in self._processes.items())),
            self._queues(),
            asyncio.gather(*(self._outbox(name) for name in PRODUCERS)),
        )
        return Picture(as_of, processes, queues, problem, outboxes)

    async def _probe(self, name: str, url: str) -> ProcessRow:
        began = monotonic_seconds()
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                answer = await self._http.get(url)
            told = answer.json()
        except (httpx2.HTTPError, TimeoutError, ValueError):
            return ProcessRow(name, "silent", None, None)
        milliseconds = round((monotonic_seconds() - began) * 1000, 1)
        uptime = told.get("uptime_seconds") if isinstance(told, dict) else None
        return ProcessRow(
            name,
            "ready" if answer.is_success else "not-ready",
            float(uptime) if isinstance(uptime, int | float) else None,
            milliseconds,
        )

    async def _queues(self) -> tuple[Sequence[QueueRow], str | None]:
        # One look at a time: behind a hanging SQS threads would gather.
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(
                asyncio.to_thread(read_queues, self._messaging, self._sqs, self._cloudwatch)
            )
        try:
            async with asyncio.timeout(_QUEUES_SECONDS):
                return await asyncio.shield(self._reading), None
        except TimeoutError:
            return [], "SQS does not answer in time."
        except Problem as problem:
            log.warning("queues cannot be read", problem=str(problem))
            return [], "SQS does not answer."

    async def _outbox(self, service: str) -> OutboxRow:
        try:
            told = await self._services[service].get(OUTBOX_PATH)
        except Unavailable as silence:
            return silent_row(service, silence.detail)
        return outbox_row(service, told)
