"""What must be so before anything is started. Each failure is one line that says what to do."""

import importlib.util
import socket
from urllib.parse import urlsplit

from skillsync.errors import Problem
from skillsync.local.ports import require_free
from skillsync.options import Options
from skillsync.paths import SERVICES, Paths

CONNECT_SECONDS = 3.0


def check(options: Options, paths: Paths) -> None:
    """Raise Problem on the first thing that is missing. The database is tried when it is migrated."""
    require_free(options.port)
    for package in ("skillsync_kit", *(f"skillsync_{service}" for service in SERVICES)):
        if importlib.util.find_spec(package) is None:
            raise Problem(f"{package} is not installed here: run `make up`, or `uv sync --frozen --all-packages`.")
    if options.endpoint is None:
        require_cloud(paths)
    else:
        require_answer(options.endpoint, "AWS_ENDPOINT_URL", "is it running?")
    if options.cache != "mem://":
        require_cache(options.cache)


def require_cloud(paths: Paths) -> None:
    """The emulator has an environment of its own, with one package that matters."""
    environment = paths.cloud_python.parent.parent
    if not paths.cloud_python.exists() or not any(environment.glob("lib/python3*/site-packages/ministack")):
        raise Problem("The emulator is not installed (cloud/.venv): run `make up`, or `uv sync --frozen` in cloud/.")


def require_answer(url: str, variable: str, question: str) -> None:
    """Something listens at the URL's host and port."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise Problem(f"{variable}: nothing answers at {host}:{port} ({error.strerror or error}): {question}") from None


def require_cache(url: str) -> None:
    """The Redis server answers a PING with these credentials. The URL is not shown: it may hold a password."""
    from redis import Redis, RedisError  # noqa: PLC0415

    parts = urlsplit(url)
    where = f"the Redis server at {parts.hostname}:{parts.port or 6379}"
    try:
        client = Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS)
        with client:
            client.ping()
    except (RedisError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise Problem(f"CACHE: {where} cannot be used ({reason}): is it running, and is the address right?") from None
