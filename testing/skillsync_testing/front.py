"""A small balancer before some replicas: it hands each connection to one of them, and notices late that one leaves.

It knows of a replica only what its readiness probe told last, as a load balancer does. Bytes go through as they come.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Sequence

from skillsync_testing.lanes import Client, NoAnswer, request
from skillsync_testing.ports import HOST

__all__ = ["Front"]

_PROBE = request("GET", "/health/ready", headers={"Connection": "close"})
_PROBE_SECONDS = 2.0


class Front:
    """Listens on `port` once started. Each replica is probed every `notice_seconds`: so late it knows of a change."""

    def __init__(self, replicas: Sequence[int], notice_seconds: float) -> None:
        """`replicas` are ports of 127.0.0.1."""
        self.port = 0
        self.handed_over = dict.fromkeys(replicas, 0)
        self._notice_seconds = notice_seconds
        self._ready: set[int] = set()
        self._turns = itertools.cycle(replicas)
        self._changed = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, and probe from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _FromClient(self), HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks = [asyncio.create_task(self._follow(replica)) for replica in self.handed_over]

    async def stop(self) -> None:
        """Listen no more."""
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()

    async def until(self, replica: int, *, is_ready: bool) -> None:
        """Wait until it has noticed that a replica is ready, or is not."""
        async with self._changed:
            await self._changed.wait_for(lambda: (replica in self._ready) == is_ready)

    def next_replica(self) -> int | None:
        """Who gets the next connection, as far as is known; None when nobody is ready."""
        for replica in itertools.islice(self._turns, len(self.handed_over)):
            if replica in self._ready:
                self.handed_over[replica] += 1
                return replica
        return None

    async def _follow(self, replica: int) -> None:
        while True:
            try:
                is_ready = (await Client(replica, _PROBE_SECONDS).send(_PROBE)).is_ok
            except NoAnswer:
                is_ready = False
            async with self._changed:
                (self._ready.add if is_ready else self._ready.discard)(replica)
                self._changed.notify_all()
            await asyncio.sleep(self._notice_seconds)


class _Pipe(asyncio.Protocol):
    """One end of a connection that goes through; what comes here leaves at the other end."""

    transport: asyncio.Transport
    other: "_Pipe | None" = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None:
            self.other.transport.close()


class _FromClient(_Pipe):
    def __init__(self, front: Front) -> None:
        self._front = front

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._joining = asyncio.ensure_future(self._join())

    async def _join(self) -> None:
        """Find it a replica. A client whose replica does not answer is let go, as a balancer would with a 502."""
        replica = self._front.next_replica()
        if replica is not None:
            with contextlib.suppress(OSError):
                _, other = await asyncio.get_running_loop().create_connection(_Pipe, HOST, replica)
                self.other, other.other = other, self
                self.transport.resume_reading()
                return
        self.transport.close()
