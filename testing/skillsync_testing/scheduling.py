"""Which tests run in one process when several share them, and which begin first.

pytest-xdist 3.8 has groups for that (`--dist loadgroup`), which do nothing under pytest 9.2: it appends them to a field
of the item that is read no more.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

__all__ = ["Tests", "order", "scheduler", "scope"]

# Kinds of a whole system, as they stand in the ids of tests: it takes long to start, so each starts once.
_SYSTEMS = ("[mariadb-redis-separate-workers", "[sqlite")
_OF_SYSTEMS = "tests/"
# Kinds of the service that is proven over two processes, likewise.
_DEPLOYMENTS = ("[READ-COMMITTED", "[REPEATABLE-READ")
_OF_DEPLOYMENTS = "services/transactions/tests/proofs/"
_KINDS = {_OF_SYSTEMS: _SYSTEMS, _OF_DEPLOYMENTS: _DEPLOYMENTS}


class Tests(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests run in one process, with the servers that it started; so do those of one kind of a system."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """What a test shares its process with."""
    for folder, kinds in _KINDS.items():
        for kind in kinds:
            if nodeid.startswith(folder) and kind in nodeid:
                return kind
    return nodeid.partition("::")[0]


def order(items: list[pytest.Item]) -> None:
    """Let those begin first that take longest: whole systems, the other tests that span services, deployments."""

    def rank(item: pytest.Item) -> tuple[bool, bool, bool]:
        its = scope(item.nodeid)
        return its not in _SYSTEMS, not item.nodeid.startswith(_OF_SYSTEMS), its not in _DEPLOYMENTS

    items.sort(key=rank)


def scheduler(config: pytest.Config, log: object) -> Tests:
    """The scheduler, which keeps the order of the collection."""
    config.option.loadscopereorder = False
    return Tests(config, log)
