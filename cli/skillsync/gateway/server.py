"""uvicorn, bounded: heads that grow or drip too long are cut off, SIGTERM ends in exit code 0."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from skillsync.gateway.app import MAX_HEAD_BYTES, Gateway
from skillsync_kit.server import Server, inherit

HEAD_SECONDS = 10.0  # from the connection, or the first byte, to the end of the head
MAX_CONNECTIONS = 1000
LISTENER_VARIABLE = "SKILLSYNC_LISTENER"
# How long, at the end, a connection may stay that its client does not use: one that is used ends with its next answer.
UNUSED_SECONDS = 1.5
_HEAD_BYTES_UNREAD = 2 * MAX_HEAD_BYTES  # the application refuses more than MAX_HEAD_BYTES; this bounds memory


def _ending(status: bytes, message: bytes) -> bytes:
    """A whole answer to what never became a request; the connection ends with it."""
    body = b'{"message":"%b"}' % message
    head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
    return head % (status, len(body)) + body


_BAD_REQUEST = _ending(b"400 Bad Request", b"Bad Request")
_TOO_LARGE = _ending(b"431 Request Header Fields Too Large", b"Request Header Fields Too Large")


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol has no limit on a head's size or duration."""

    _in_head = False
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_SECONDS, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._clear_deadline()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > _HEAD_BYTES_UNREAD:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        self.transport.write(_BAD_REQUEST)
        self.transport.close()

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class GatewayServer(Server):
    """Stops at SIGTERM or SIGINT: no new connections, requests in flight finished within the drain time."""

    _draining: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises the signal again when it has stopped, and the process would end by it, not by exit code 0.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        # No balancer stands before it, so it need not go on accepting: its successor does, if there is one.
        self._draining = self._draining or asyncio.create_task(self.drain(UNUSED_SECONDS, goes_on_accepting=False))


def bind(host: str, port: int) -> socket.socket:
    """The listener that was handed down, else one of our own. Raises OSError when the address is taken."""
    handed_down = os.environ.get(LISTENER_VARIABLE)
    if handed_down is not None:
        return inherit(int(handed_down))
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(False)
    return listener


def make_server(gateway: Gateway, drain_seconds: int) -> GatewayServer:
    settings: dict[str, Any] = {
        "http": BoundedHttp,
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "log_config": None,
        "proxy_headers": False,
        "server_header": False,
        "date_header": False,
        "limit_concurrency": MAX_CONNECTIONS,
        "timeout_keep_alive": 75,
        "timeout_graceful_shutdown": drain_seconds,
    }
    return GatewayServer(uvicorn.Config(gateway, **settings))
