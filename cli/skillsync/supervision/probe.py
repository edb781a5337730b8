"""A health probe small enough to run many times a second, with no HTTP library."""

import asyncio
from urllib.parse import urlsplit


async def probe(url: str, timeout_seconds: float) -> int | None:
    """The status of GET `url` (http only), or None when nothing answered in time."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _get_status(url)
    except (OSError, TimeoutError, ValueError, IndexError, asyncio.LimitOverrunError):
        return None


async def _get_status(url: str) -> int:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        path = parts.path or "/"
        request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\nAccept: */*\r\n\r\n"
        writer.write(request.encode("ascii"))
        await writer.drain()
        status_line = await reader.readline()
        return int(status_line.split()[1])
    finally:
        writer.close()
