"""A health probe small enough to run many times a second, with no HTTP library."""

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_BODY_BYTES = 16_384


@dataclass(frozen=True)
class Answer:
    """What a probe was answered: the status, and the id of the process that answered when it told that."""

    status: int
    process: int | None = None

    def is_of(self, pid: int) -> bool:
        """Whether it may be this process's: two share an address while the one takes over from the other."""
        return self.process in (None, pid)


async def probe(url: str, timeout_seconds: float) -> Answer | None:
    """The answer to GET `url` (http only), or None when none came in time."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _get(url)
    except (OSError, TimeoutError, ValueError, IndexError, EOFError, asyncio.LimitOverrunError):
        return None


async def _get(url: str) -> Answer:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        path = parts.path or "/"
        request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\nAccept: */*\r\n\r\n"
        writer.write(request.encode("ascii"))
        await writer.drain()
        status_line, *fields = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        length = next((int(f.partition(b":")[2]) for f in fields if f.lower().startswith(b"content-length:")), 0)
        body = await reader.readexactly(min(length, LONGEST_BODY_BYTES))
        return Answer(int(status_line.split()[1]), _process(body))
    finally:
        writer.close()


def _process(body: bytes) -> int | None:
    try:
        told = json.loads(body)
    except ValueError:
        return None
    process = told.get("process") if isinstance(told, dict) else None
    return process if isinstance(process, int) else None
