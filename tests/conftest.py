"""Whole systems for the tests that need real processes."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from skillsync_testing.system import System, running

EMBEDDED, REAL_PARTS = "sqlite", "mariadb-redis-separate-workers"


@pytest.fixture(scope="session", params=[EMBEDDED, REAL_PARTS])
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """A running system; tests run once on the embedded parts, once on MariaDB, Redis and separate workers."""
    environment: dict[str, str] = {}
    if request.param == REAL_PARTS:
        mariadb, redis = request.getfixturevalue("mariadb_server"), request.getfixturevalue("redis_server")
        environment = {
            "DATABASE": mariadb.server_url,
            "CACHE": redis.url,
            "WORKERS": "separate",
        }
    directory = Path(tempfile.mkdtemp(prefix="skillsync-system-"))
    try:
        with running(directory, **environment) as up:
            yield up
    finally:
        shutil.rmtree(directory, ignore_errors=True)
