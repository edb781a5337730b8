"""A service by itself, with neighbours that can be made slow, for the tests that need no whole system."""

from collections.abc import Iterator

import pytest

from skillsync_kit.testing import UserPool
from skillsync_testing import Emulator
from skillsync_testing.deployment import Deployment, deployed


@pytest.fixture(scope="session")
def pool() -> UserPool:
    """Whose tokens are taken."""
    return UserPool()


@pytest.fixture(scope="session")
def deployment(pool: UserPool, emulator: Emulator) -> Iterator[Deployment]:
    """The transactions service as two processes and a worker."""
    with deployed("READ-COMMITTED", pool, emulator) as deployment:
        yield deployment
