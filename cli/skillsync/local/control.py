"""The supervisor's side of `skillsync restart`: a socket in the state directory, which is its owner's alone.

A connection brings one line of JSON, `{"restart": "users"}` or `{"restart": ""}` for all, and gets a line of JSON for
each step (see Told). Who hangs up stops what was not begun yet.
"""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypedDict

from skillsync.errors import Problem

# What a socket's address has room for, on the system that has least: 104 bytes with the zero at its end.
LONGEST_PATH_BYTES = 103
# A request is a line of some bytes; longer ones are refused by the reader.
LONGEST_REQUEST_BYTES = 4096
REQUEST_SECONDS = 5.0


class Told(TypedDict, total=False):
    """One line of an answer: `restarting`, then `restarted` with `seconds`; `problem`, or `done`, comes last."""

    restarting: str
    restarted: str
    seconds: float
    problem: str
    done: bool


def has_room(path: Path) -> bool:
    """Whether a socket can have this path at all."""
    return len(os.fsencode(path)) <= LONGEST_PATH_BYTES


class Control:
    """Takes requests from `open` until `close`. `order` says who a name stands for, `restart` does it to one."""

    def __init__(
        self, path: Path, order: Callable[[str], list[str]], restart: Callable[[str], Awaitable[None]]
    ) -> None:
        self._path = path
        self._order = order
        self._restart = restart
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def is_talking(self) -> bool:
        """Whether a request is under way."""
        return bool(self._talks)

    async def open(self) -> bool:
        """Listen; False when the path is too long for a socket. Call it only with the lock of the run held."""
        if not has_room(self._path):
            return False
        self._path.unlink(missing_ok=True)  # of a run that was killed
        self._server = await asyncio.start_unix_server(self._talk, self._path, limit=LONGEST_REQUEST_BYTES)
        self._path.chmod(0o600)
        return True

    async def close(self) -> None:
        """Take no more requests, and give up those under way."""
        if self._server is None:
            return
        self._server.close()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            with contextlib.suppress(ConnectionError):
                await self._answer(reader, writer)
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def tell(told: Told) -> None:
            writer.write(json.dumps(told).encode() + b"\n")
            await writer.drain()

        try:
            for name in self._order(await _request(reader)):
                await tell({"restarting": name})
                began = time.monotonic()
                await self._restart(name)
                await tell({"restarted": name, "seconds": round(time.monotonic() - began, 1)})
        except Problem as problem:
            await tell({"problem": str(problem)})
        else:
            await tell({"done": True})


async def _request(reader: asyncio.StreamReader) -> str:
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            request = json.loads(await reader.readline())
        name = request["restart"]
    except (ValueError, KeyError, TypeError, TimeoutError):
        name = None
    if not isinstance(name, str):
        raise Problem("The running SkillSync does not know this request: is it of another version?")
    return name
