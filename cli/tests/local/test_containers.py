"""What compose.yaml runs first: each service's settings as that service reads them, from real servers."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from skillsync.local import containers
from skillsync.operations.api.settings import OperationsSettings
from skillsync.options import read_options
from skillsync_analytics.settings import AnalyticsSettings
from skillsync_kit.settings import ProcessSettings, Settings
from skillsync_notifications.settings import NotificationsSettings
from skillsync_testing import Emulator
from skillsync_testing.mariadb import MariaDB
from skillsync_testing.plugin import run
from skillsync_transactions.settings import TransactionsSettings
from skillsync_users.settings import UsersSettings

SETTINGS: dict[str, type[ProcessSettings]] = {
    "users": UsersSettings,
    "transactions": TransactionsSettings,
    "notifications": NotificationsSettings,
    "analytics": AnalyticsSettings,
    "operations": OperationsSettings,
}


@pytest.fixture
def emulator_of_its_own() -> Iterator[Emulator]:
    """Calls without a signature, as signing up is one, know no account of their own."""
    yield from run(Emulator)


def test_every_service_is_told_all_that_it_must_know(
    emulator_of_its_own: Emulator, mariadb_server: MariaDB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator_of_its_own.client_environment().items():
        monkeypatch.setenv(name, value)
    cloud = emulator_of_its_own.endpoint_url
    containers.prepare(read_options("", mariadb_server.server_url, "redis://valkey:6379/0", cloud, ""), tmp_path)
    for service, kind in SETTINGS.items():
        file = tmp_path / f"{service}.env"
        assert file.stat().st_mode & 0o777 == 0o600
        # As the container's shell reads it.
        script = f'set -a; . "{file}"; exec env'
        shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env={})  # noqa: S603
        with monkeypatch.context() as container:
            for line in shown.stdout.splitlines():
                name, _, value = line.partition("=")
                container.setenv(name, value)
            read = kind()
        assert (read.host, read.port, read.cache_url) == ("0.0.0.0", 8000, "redis://valkey:6379/0")  # noqa: S104
        assert read.jwks_url.startswith(cloud)
        if isinstance(read, Settings):
            assert read.database_url.endswith(f"/skillsync_{service}")
        if isinstance(read, OperationsSettings):
            assert read.processes["users"] == "http://users:8000/health/ready"
            assert set(read.processes) == {*SETTINGS, "gateway"}
            assert set(read.queues) == {"user", "transaction", "notification", "analytics", "feedback"}
    told = (tmp_path / "gateway.json").read_text()
    assert '"UsersUrl": "http://users:8000"' in told
    assert '"OperationsUrl": "http://operations:8000"' in told
