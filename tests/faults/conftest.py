"""A fleet for the tests that break things: one for each file of tests."""

from collections.abc import Iterator

import pytest

from .fleet import Fleet, running


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """The services over real parts, with links that can misbehave."""
    with running() as up:
        yield up
