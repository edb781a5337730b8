"""uvicorn with a drain of ours: it closes its listeners and its idle connections as soon as it is told to stop.

HTTP has no way to take a connection back from a client that is just sending on it. So each answer says `Connection:
close` from the start of the drain on, and clients leave by themselves; what is closed in the end is what nobody used.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

__all__ = ["Server", "inherit"]

_LOOK_SECONDS = 0.05


def inherit(descriptor: int) -> socket.socket:
    """The listening socket that the parent process opened and handed down. Raises OSError for anything else."""
    listener = socket.socket(fileno=descriptor)
    if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise OSError(None, "this is no listening socket")
    listener.set_inheritable(False)
    return listener


class Server(uvicorn.Server):
    """Leaves signals alone, and ends by `drain`."""

    def __init__(self, config: uvicorn.Config) -> None:
        """`config.app` is served, whole."""
        super().__init__(config)
        self._app: Any = config.app
        self._is_leaving = False
        # uvicorn does not recognise a bound method as what it is.
        config.app, config.interface = self._with_farewell, "asgi3"

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: whoever runs this decides what a signal does."""
        yield

    async def drain(self, seconds: float, *, goes_on_accepting: bool) -> None:
        """Tell clients to leave for `seconds`, then begin to end: `serve` returns when what is in hand is finished.

        It goes on accepting where a balancer takes as long to notice. Where it does not, somebody else accepts from the
        same socket, or nobody is to come any more; then it need not wait for longer than there are connections.
        """
        self._is_leaving = True
        if goes_on_accepting:
            await asyncio.sleep(seconds)
        elif self.started:
            await self._wait_until_left(seconds)
        self.should_exit = True

    async def _wait_until_left(self, seconds: float) -> None:
        for server in self.servers:
            server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                # A connection accepted a moment ago is among them only after the loop's next turn.
                await asyncio.sleep(_LOOK_SECONDS)
                while self.server_state.connections:  # noqa: ASYNC110 - uvicorn has no event for it
                    await asyncio.sleep(_LOOK_SECONDS)

    async def _with_farewell(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_farewell(message: Any) -> None:
            # Looked at when the answer begins, not when the request came: it may have been held since.
            if self._is_leaving and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, send_with_farewell)
