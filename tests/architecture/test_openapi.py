"""The OpenAPI document of every service is complete: a client can be written from it alone."""

from importlib import import_module
from pathlib import Path

import pytest

from skillsync_kit.app import Health, create_app
from skillsync_kit.clock import SystemClock
from skillsync_kit.testing import UserPool
from skillsync_testing.openapi import faults, operations

SERVICES = sorted(path.name for path in (Path(__file__).resolve().parents[2] / "services").iterdir() if path.is_dir())
ROUTERS = {service: f"skillsync_{service}.router" for service in SERVICES} | {
    "operations": "skillsync.operations.api.router"
}


@pytest.mark.parametrize("service", list(ROUTERS))
def test_the_document_lacks_nothing(service: str) -> None:
    """kit/tests/test_openapi.py sees each of these faults named when it is planted."""
    module = import_module(ROUTERS[service])
    routers = getattr(module, "routers", None) or [module.router]
    verifier = UserPool().verifier(SystemClock())
    document = create_app(service, health=Health(), verifier=verifier, routers=routers, state={}).openapi()
    assert operations(document)
    assert faults(document) == []
