"""What fault tests share: a user pool, a service by itself, and a fleet to break, emptied before each test."""

from collections.abc import Generator, Iterator

import pytest

from skillsync_kit.testing import UserPool
from skillsync_testing import Emulator
from skillsync_testing.deployment import Deployment, deployed

from .fleet import Fleet, running

COMPLAINTS = 20


@pytest.fixture(scope="session")
def pool() -> UserPool:
    """Whose tokens are taken; making its key takes a while, so there is one."""
    return UserPool()


@pytest.fixture(scope="session")
def deployment(pool: UserPool, emulator: Emulator) -> Iterator[Deployment]:
    """The transactions service as two processes and a worker, with neighbours that can be made slow."""
    with deployed("READ-COMMITTED", pool, emulator) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def running_fleet(pool: UserPool) -> Iterator[Fleet]:
    """The services over real parts, with links that can misbehave."""
    with running(pool) as up:
        yield up


@pytest.fixture
def fleet(running_fleet: Fleet) -> Fleet:
    """The same, with nothing in it."""
    running_fleet.reset()
    return running_fleet


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the processes complained of, beside what failed: their logs go with the fleet."""
    report = yield
    fleet = getattr(item, "funcargs", {}).get("fleet")
    if report.when == "call" and report.failed and isinstance(fleet, Fleet):
        report.sections.append(("what the processes complained of", "\n\n".join(fleet.complaints()[-COMPLAINTS:])))
    return report
