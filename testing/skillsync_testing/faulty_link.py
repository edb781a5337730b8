"""A network link that misbehaves when told to: a TCP proxy in front of one server, whatever protocol is spoken.

    link = FaultyLink(mariadb.port)
    link.start()                      # clients connect to link.port
    with link.behaving("black hole"):
        …

Connections that a fault has cut stay cut; new ones, and those that it only slowed, go on when it is over.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Literal, get_args

from skillsync_testing.ports import HOST

__all__ = ["FAULTS", "FaultyLink", "LinkFault"]

LinkFault = Literal["delay", "reset", "black hole", "half-close", "throttle"]
FAULTS: tuple[LinkFault, ...] = get_args(LinkFault)

DELAY_SECONDS = 0.3
THROTTLE_BYTES, THROTTLE_SECONDS = 512, 0.02
_CHUNK_BYTES = 64 * 1024
_START_SECONDS = 5.0
# RST instead of FIN: what was sent and not yet read is lost, as when a peer's machine is gone.
_LINGER_NOT = struct.pack("ii", 1, 0)


class FaultyLink:
    """Listens on a port of 127.0.0.1 and passes on to the target's. `hits` counts what each fault was done to.

    - `delay`: each piece of data waits 0.3 s
    - `reset`: connections, new ones too, end by RST at the next piece
    - `black hole`: data disappears; the connection ends by RST when the fault is over
    - `half-close`: after the next piece from the client its side is closed towards the server; answers still pass
    - `throttle`: 512 bytes every 20 ms

    What clients say can be listened to, whether there is a fault or not.
    """

    def __init__(self, target_port: int) -> None:
        """Nothing listens before `start`."""
        self.target_port = target_port
        self.port = 0
        self.hits: Counter[str] = Counter()
        self._fault: LinkFault | None = None
        self._over: asyncio.Event | None = None
        self._heard: dict[asyncio.StreamReader, bytearray] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Listen, from a thread of its own."""
        self._thread.start()
        self._in_thread(self._listen())

    def stop(self) -> None:
        """Listen no more, and cut every connection."""
        self._in_thread(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextlib.contextmanager
    def behaving(self, fault: LinkFault) -> Iterator[None]:
        """Let the fault be done to everything that passes inside the block."""
        self.begin(fault)
        try:
            yield
        finally:
            self.heal()

    def begin(self, fault: LinkFault) -> None:
        """Let the fault be done from now on."""
        self._in_thread(self._set(fault))

    def heal(self) -> None:
        """Be a good link again."""
        self._in_thread(self._set(None))

    @contextlib.contextmanager
    def listening(self) -> Iterator[Callable[[], list[bytes]]]:
        """Write down what clients say inside the block; gives a function that returns it, by connection."""
        heard: dict[asyncio.StreamReader, bytearray] = {}
        self._in_thread(self._listen_in(heard))
        try:
            yield lambda: [bytes(said) for said in list(heard.values())]
        finally:
            self._in_thread(self._listen_in(None))

    # --- in the thread ---

    def _in_thread(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, HOST, 0, limit=_CHUNK_BYTES, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _set(self, fault: LinkFault | None) -> None:
        if self._over:
            self._over.set()
        self._fault, self._over = fault, asyncio.Event()

    async def _listen_in(self, heard: dict[asyncio.StreamReader, bytearray] | None) -> None:
        self._heard = heard

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault == "reset":
            self.hits["reset"] += 1
            return _abort(writer)
        try:
            onward_reader, onward = await asyncio.open_connection(HOST, self.target_port, limit=_CHUNK_BYTES)
        except OSError:
            return _abort(writer)
        pumps = [
            asyncio.ensure_future(self._pump(reader, onward, from_client=True)),
            asyncio.ensure_future(self._pump(onward_reader, writer, from_client=False)),
        ]
        try:
            await asyncio.gather(*pumps)
        except (OSError, _Cut, asyncio.CancelledError):
            # Cancelled at the end of the link: the stream's own callback would call that an error.
            _abort(writer)
            _abort(onward)
        finally:
            for pump in pumps:
                pump.cancel()
            writer.close()
            onward.close()
        return None

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, from_client: bool) -> None:
        is_open = True
        while is_open and (data := await source.read(_CHUNK_BYTES)):
            if from_client and self._heard is not None:
                self._heard.setdefault(source, bytearray()).extend(data)
            if self._fault:
                is_open = await self._do(self._fault, data, sink, from_client=from_client)
            else:
                sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()

    async def _do(self, fault: LinkFault, data: bytes, sink: asyncio.StreamWriter, *, from_client: bool) -> bool:
        """Do the fault to one piece of data; False when this direction is closed by it. Raises _Cut."""
        self.hits[fault] += 1
        over = self._over
        match fault:
            case "delay":
                await asyncio.sleep(DELAY_SECONDS)
                sink.write(data)
            case "throttle":
                for start in range(0, len(data), THROTTLE_BYTES):
                    sink.write(data[start : start + THROTTLE_BYTES])
                    await asyncio.sleep(THROTTLE_SECONDS)
            case "half-close":
                sink.write(data)
                return not from_client
            case "black hole" if over is not None:
                await over.wait()
                raise _Cut
            case _:
                raise _Cut
        return True


class _Cut(Exception):
    """The connection ends here, by RST."""


def _abort(writer: asyncio.StreamWriter) -> None:
    peer: socket.socket | None = writer.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()
