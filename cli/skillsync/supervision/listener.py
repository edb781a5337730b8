"""The listening sockets that the supervisor opens and hands down to its processes.

A connection made while a process is away waits in the backlog for the next one, and while one process takes over from
another both accept from the same socket: nobody is refused.
"""

import os
import socket
from collections.abc import Mapping

from skillsync.errors import Problem

BACKLOG = 2048
VARIABLE = "SKILLSYNC_LISTENER"


class Listener:
    """A socket on 127.0.0.1 that children accept from; this process does not."""

    def __init__(self, name: str, port: int) -> None:
        """Raises Problem when another program listens there."""
        try:
            self._socket = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise Problem(f"{name} cannot listen on 127.0.0.1:{port}: {reason}.") from None
        # Of the socket, not of the descriptor: whoever shares it must not wait in accept for what another has taken.
        self._socket.setblocking(False)

    @property
    def descriptor(self) -> int:
        """The same number in the child."""
        return self._socket.fileno()

    @property
    def environment(self) -> Mapping[str, str]:
        """What the child must know."""
        return {VARIABLE: str(self.descriptor)}

    def close(self) -> None:
        """From now on connections are refused, once no child holds it either."""
        self._socket.close()
