"""Which tests run in one process when several share them, which begin first, and when what they started ends.

pytest-xdist 3.8 has groups for that (`--dist loadgroup`), which do nothing under pytest 9.2: it appends them to a field
of the item that is read no more.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

__all__ = ["Costly", "Tests", "order", "scheduler", "scope"]

# Kinds of a whole system and of the service that is proven over two processes, as they stand in the ids of tests.
# They take long to start, so each starts once.
_KINDS = {
    "tests/": ("mariadb-redis-separate-workers", "sqlite"),
    "services/transactions/tests/proofs/": ("READ-COMMITTED", "REPEATABLE-READ"),
}
# These share a fleet and a deployment.
_TOGETHER = "tests/faults/"
_COSTLY = ("system", "running_fleet", "deployment")


class Tests(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests run in one process, with the servers that it started; so do those of one kind of a system."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """What a test shares its process with."""
    file, _, parameters = nodeid.partition("[")
    for folder, kinds in _KINDS.items():
        for kind in kinds:
            if file.startswith(folder) and kind in parameters:
                return kind
    return _TOGETHER if file.startswith(_TOGETHER) else file.partition("::")[0]


def order(items: list[pytest.Item]) -> None:
    """Let those begin first that take longest: whole systems and faults, what else spans services, deployments."""
    systems, deployments = _KINDS.values()

    def rank(item: pytest.Item) -> tuple[bool, bool, bool]:
        its = scope(item.nodeid)
        return its not in (*systems, _TOGETHER), not item.nodeid.startswith("tests/"), its not in deployments

    items.sort(key=rank)


class Costly:
    """Fixtures of a session whose processes would take the processor's time until its end: what they started."""

    def __init__(self) -> None:
        self._open: list[tuple[pytest.FixtureDef[object], pytest.FixtureRequest]] = []

    def begun(self, fixture: pytest.FixtureDef[object], request: pytest.FixtureRequest) -> None:
        """Know of a fixture that was set up."""
        if fixture.argname in _COSTLY:
            self._open.append((fixture, request))

    def finish(self, item: pytest.Item, following: pytest.Item | None) -> None:
        """End them when no test of the item's scope follows in this process; who asks for one again gets a new one."""
        if following is None or scope(following.nodeid) != scope(item.nodeid):
            for fixture, request in reversed(self._open):
                fixture.finish(request)  # type: ignore[arg-type]
            self._open.clear()


def scheduler(config: pytest.Config, log: object) -> Tests:
    """The scheduler, which keeps the order of the collection."""
    config.option.loadscopereorder = False
    return Tests(config, log)
