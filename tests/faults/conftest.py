"""What fault tests share."""

import pytest

from skillsync_kit.testing import UserPool


@pytest.fixture(scope="session")
def pool() -> UserPool:
    """A user pool; making its key takes a while, so there is one."""
    return UserPool()
