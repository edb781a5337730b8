"""Private servers for tests, each on a free port of 127.0.0.1, in a directory of its own, stopped by its pid.

The fixtures are in `skillsync_testing.plugin`; the root `conftest.py` registers them for every package's tests.
"""

from skillsync_testing.emulator import Emulator
from skillsync_testing.mariadb import MariaDB
from skillsync_testing.ports import free_port
from skillsync_testing.redis import Redis
from skillsync_testing.server import Server, ServerError

__all__ = ["Emulator", "MariaDB", "Redis", "Server", "ServerError", "free_port"]
