"""A closed loop of connections over HTTP/1.1: each sends its next request as soon as its last was answered.

Lean on purpose, so that the load is not what is measured: requests are ready bytes, answers go through llhttp's parser,
and no task, future or header object is made for a request.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import cast

import httptools

__all__ = ["HttpJob", "LoadError", "Outcome", "run"]

_SHOWN_OF_AN_ANSWER = 300


class LoadError(Exception):
    """An answer was not what it had to be, or the server went away: there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class HttpJob:
    """Requests to send over `connections` to a port of this machine, and the one status that counts as success."""

    port: int
    requests: Sequence[bytes]
    expected_status: int
    connections: int
    keep_bodies: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job took: seconds for all of it, seconds of each request, and CPU seconds of the process that sent it."""

    seconds: float
    latencies: Sequence[float]
    cpu_seconds: float
    bodies: Sequence[bytes] = ()


async def run(job: HttpJob) -> Outcome:
    """Send every request of the job once. Raises LoadError at the first answer that is not the expected one."""
    loop = asyncio.get_running_loop()
    state = _State(job, loop.create_future())
    connections = []
    for _ in range(min(job.connections, len(job.requests))):
        try:
            _, connection = await loop.create_connection(lambda: _Connection(state), "127.0.0.1", job.port)
        except OSError as error:
            raise LoadError(f"port {job.port} does not answer: {error}") from error
        connections.append(connection)
    cpu, start = process_time(), perf_counter()
    for connection in connections:
        connection.send_next()
    try:
        await state.finished
    finally:
        seconds, cpu_seconds = perf_counter() - start, process_time() - cpu
        for connection in connections:
            connection.close()
    return Outcome(seconds, state.latencies, cpu_seconds, state.bodies)


class _State:
    """What the connections of one job share."""

    def __init__(self, job: HttpJob, finished: "asyncio.Future[None]") -> None:
        self.job = job
        self.finished = finished
        self.waiting: Iterator[int] = iter(range(len(job.requests)))
        self.latencies = [0.0] * len(job.requests)
        self.bodies = [b""] * len(job.requests) if job.keep_bodies else []
        self._unanswered = len(job.requests)

    def answered(self) -> None:
        self._unanswered -= 1
        if self._unanswered == 0 and not self.finished.done():
            self.finished.set_result(None)

    def fail(self, reason: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(LoadError(reason))


class _Connection(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, state: _State) -> None:
        self._state = state
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self._index = 0
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No check of the class: uvloop's transports are of none of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def send_next(self) -> None:
        index = next(self._state.waiting, None)
        if index is None:
            return
        self._index, self._chunks = index, []
        self._sent_at = perf_counter()
        self._transport.write(self._state.job.requests[index])

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._state.fail(f"an answer is no HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._state.fail(f"the server closed a connection: {exc or 'without a reason'}")

    # --- called by the parser ---

    def on_body(self, data: bytes) -> None:
        self._chunks.append(data)

    def on_message_complete(self) -> None:
        state, index = self._state, self._index
        state.latencies[index] = perf_counter() - self._sent_at
        status = self._parser.get_status_code()
        if status != state.job.expected_status:
            text = b"".join(self._chunks)[:_SHOWN_OF_AN_ANSWER].decode(errors="replace")
            line = state.job.requests[index].partition(b"\r\n")[0].decode()
            state.fail(f"{line} was answered {status}, not {state.job.expected_status}: {text}")
            return
        if state.job.keep_bodies:
            state.bodies[index] = b"".join(self._chunks)
        state.answered()
        self.send_next()
