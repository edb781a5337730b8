"""Load on a server of this machine, cheap enough to share its cores: requests as bytes over plain sockets.

Closed: so many senders, each of whom waits for an answer before the next request; this measures a capacity. Open: so
many requests a second, whatever becomes of them; this is how people come.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from skillsync_testing.ports import HOST

__all__ = ["Answer", "Load", "Request", "Tally"]

_TIMEOUT_SECONDS = 2.0
# With those it has not yet seen closed, fewer than the server's own last resort takes.
_CONNECTIONS = 600
_LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Request:
    """A request of a kind, whole: its line, headers and body."""

    kind: str
    content: bytes


@dataclass(frozen=True)
class Answer:
    """What came of a request, and when; status 0 when nothing came in time: nobody knows what became of it."""

    kind: str
    sent_at: float
    seconds: float
    status: int
    has_retry_after: bool = False

    @property
    def is_good(self) -> bool:
        """Done."""
        return 200 <= self.status < 300


@dataclass
class Tally:
    """All answers."""

    answers: list[Answer] = field(default_factory=list)

    def counted(self, kind: str | None = None) -> Counter[int]:
        """How many answers of each status, of all kinds or of one."""
        return Counter(answer.status for answer in self.answers if kind in (None, answer.kind))

    def share(self, status: int, *kinds: str) -> float:
        """Which share of the requests of these kinds had this status."""
        of_kinds = [answer for answer in self.answers if answer.kind in kinds]
        return sum(answer.status == status for answer in of_kinds) / max(len(of_kinds), 1)

    def percentile(self, percent: int) -> float:
        """Seconds that so many percent of what was done took at most; 0 when nothing was."""
        took = sorted(answer.seconds for answer in self.answers if answer.is_good)
        return took[min(len(took) * percent // 100, len(took) - 1)] if took else 0.0


class Load:
    """Requests to one port, from a `source` that makes the next one."""

    def __init__(self, port: int, source: Callable[[], Request]) -> None:
        self._port = port
        self._source = source
        self._idle: list[_Connection] = []
        self._open = 0

    async def closed(self, senders: int, seconds: float) -> Tally:
        """So many senders, each with one request at a time, for so long."""
        tally, end = Tally(), time.monotonic() + min(seconds, _LONGEST_SECONDS)

        async def send() -> None:
            while time.monotonic() < end:
                await self._send(tally)

        with self._connections():
            await asyncio.gather(*(send() for _ in range(senders)))
        return tally

    async def open(self, rate: float, seconds: float) -> Tally:
        """So many requests a second for so long, then the last answers."""
        tally, sending = Tally(), set[asyncio.Task[None]]()
        began, total = time.monotonic(), int(rate * min(seconds, _LONGEST_SECONDS))
        with self._connections():
            for number in range(total):
                if (early := began + number / rate - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                task = asyncio.create_task(self._send(tally))
                sending.add(task)
                task.add_done_callback(sending.discard)
            await asyncio.gather(*sending)
        return tally

    @contextmanager
    def _connections(self) -> Iterator[None]:
        try:
            yield
        finally:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            self._open = 0

    async def _send(self, tally: Tally) -> None:
        request, sent_at = self._source(), time.monotonic()
        status, has_retry_after = 0, False
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                status, has_retry_after = await self._exchange(request.content)
        except (TimeoutError, OSError):
            pass
        seconds = time.monotonic() - sent_at
        tally.answers.append(Answer(request.kind, sent_at, seconds, status, has_retry_after))

    async def _exchange(self, content: bytes) -> tuple[int, bool]:
        connection = self._idle.pop() if self._idle else None
        if connection is None:
            if self._open >= _CONNECTIONS:
                # As a client's own pool does: this one never gets through.
                await asyncio.sleep(_TIMEOUT_SECONDS)
            self._open += 1
            try:
                _, connection = await asyncio.get_running_loop().create_connection(_Connection, HOST, self._port)
            except BaseException:
                self._open -= 1
                raise
        try:
            answer = await connection.exchange(content)
        except BaseException:
            # What it would answer yet must not be taken for the answer to another request.
            connection.close()
            self._open -= 1
            raise
        self._idle.append(connection)
        return answer


class _Connection(asyncio.Protocol):
    """One request at a time; of the answer the status, whether it has Retry-After, and its length are read."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[tuple[int, bool]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    async def exchange(self, content: bytes) -> tuple[int, bool]:
        if self._transport.is_closing():
            raise ConnectionResetError
        self._received = b""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(content)
        return await self._answer

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or self._answer is None or self._answer.done():
            return
        head = head.lower()
        _, _, rest = head.partition(b"\r\ncontent-length: ")
        if len(body) >= int(rest.partition(b"\r\n")[0] or 0):
            self._answer.set_result((int(head[9:12]), b"\r\nretry-after: " in head))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError())
