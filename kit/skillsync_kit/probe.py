"""Asks this machine's process whether it is alive: a container's health check, which has no curl.

    python -m skillsync_kit.probe

Exit status 0 when SKILLSYNC_PORT answers /health/live with 200, else 1. It imports next to nothing, for it runs often.
"""

import http.client
import os
import sys

__all__ = ["is_alive"]

_TIMEOUT_SECONDS = 3


def is_alive(port: int) -> bool:
    """Whether a process listens on this port of the loopback and says that it is live."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_alive(int(os.environ["SKILLSYNC_PORT"])) else 1)
