"""Many requests at little cost: written once as bytes, sent over connections that are kept as long as the server lets.

A client's view is kept apart in three: an answer of 2xx is ok, another answer has failed, and no answer (the connection
broke, or nothing came in time) leaves unknown what the server did.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from skillsync_testing.ports import HOST

__all__ = ["Answer", "Client", "NoAnswer", "Tally", "in_lanes", "request"]

ANSWER_SECONDS = 20.0


class NoAnswer(Exception):
    """What the server did is unknown; `hung` when nothing came in time."""

    def __init__(self, reason: str, *, hung: bool = False) -> None:
        """Say in a word or two why."""
        super().__init__(reason)
        self.hung = hung


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    body: bytes
    ends_connection: bool

    @property
    def is_ok(self) -> bool:
        """Whether it is of 2xx."""
        return 200 <= self.status < 300


@dataclass
class Tally:
    """What became of the requests: how many were sent, and what those that were not ok came to."""

    sent: int = 0
    bad: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """How many were not ok."""
        return self.bad.total()


def request(
    method: str, path: str, *, token: str = "", body: object = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """The bytes of a request to a server on this machine."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(content)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Client:
    """One connection at a time to a port of 127.0.0.1, made anew when the server ends it."""

    def __init__(self, port: int, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Nothing is connected before the first request."""
        self._port = port
        self._answer_seconds = answer_seconds
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> Answer:
        """Send one request and read its answer; raise NoAnswer when there is none. Nothing is repeated."""
        try:
            async with asyncio.timeout(self._answer_seconds):
                answer = await self._exchange(request)
        except TimeoutError:
            self.close()
            raise NoAnswer(f"no answer in {self._answer_seconds:.0f} s", hung=True) from None
        except (OSError, EOFError) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from None
        if answer.ends_connection:
            self.close()
        return answer

    def close(self) -> None:
        """End the connection."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()

    async def _exchange(self, request: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        body = await reader.readexactly(int(length or 0))
        return Answer(int(head[9:12]), body, b"\r\nconnection: close\r\n" in head)


async def in_lanes(
    port: int,
    lanes: int,
    next_request: Callable[[], bytes | None],
    tally: Tally | None = None,
    *,
    pause_seconds: float = 0,
) -> Tally:
    """Send what `next_request` gives, over as many connections at once as there are lanes, until it gives None.

    `pause_seconds` is what a lane waits after each answer: it bounds the load.
    """
    tally = tally or Tally()

    async def lane() -> None:
        client = Client(port)
        while (wanted := next_request()) is not None:
            tally.sent += 1
            try:
                answer = await client.send(wanted)
            except NoAnswer as unknown:
                tally.bad[str(unknown)] += 1
            else:
                if not answer.is_ok:
                    tally.bad[f"status {answer.status}"] += 1
            if pause_seconds:
                await asyncio.sleep(pause_seconds)
        client.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(lanes):
            group.create_task(lane())
    return tally
