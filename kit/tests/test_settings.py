"""Settings: read once, refused at start, and never shown."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from skillsync_kit.settings import Settings

REQUIRED = {
    "SKILLSYNC_PORT": "0",
    "SKILLSYNC_DATABASE_URL": "sqlite+aiosqlite:////tmp/x.sqlite",
    "SKILLSYNC_TOKEN_ISSUER": "https://issuer.example",
    "SKILLSYNC_JWKS_URL": "https://issuer.example/keys",
    "SKILLSYNC_WEB_CLIENT_ID": "web",
}
REAL = {
    "SKILLSYNC_DATABASE_URL": "mysql+asyncmy://user:secret@db.example/x",
    "SKILLSYNC_CACHE_URL": "redis://cache.example/0",
}
LOAD = "from skillsync_kit.settings import Settings, load; print(load(Settings).port)"


def load(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", LOAD], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_each_missing_setting_is_one_line_and_the_process_ends_with_2() -> None:
    done = load({"SKILLSYNC_PORT": "1"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [f"{name}: Field required" for name in list(REQUIRED)[1:]]


def test_a_wrong_setting_is_named_and_its_value_not_shown() -> None:
    wrong = {
        "SKILLSYNC_PORT": "secret-port",
        "SKILLSYNC_DATABASE_URL": "postgres://user:secret@db.example/x",
        "SKILLSYNC_CACHE_URL": "memcached://:secret@x",
        "SKILLSYNC_ENVIRONMENT": "secret-place",
        "SKILLSYNC_DRAIN_SECONDS": "61",
        "SKILLSYNC_LOG_LEVEL": "secret-level",
    }
    done = load({**REQUIRED, **wrong})
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert sorted(line.split(":")[0] for line in lines) == sorted(wrong)
    assert "secret" not in done.stderr


def test_what_is_not_said_has_a_safe_default(settings: pytest.MonkeyPatch) -> None:
    chosen = Settings()
    assert (chosen.environment, chosen.host, chosen.cache_url) == ("local", "127.0.0.1", "mem://")
    assert (chosen.failpoints, chosen.worker_client_id, chosen.drain_seconds) == (None, None, 0)
    assert (chosen.listener, chosen.clock_file) == (None, None)


@pytest.mark.parametrize("environment", ["dev", "dev-ann", "staging", "prod"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SKILLSYNC_FAILPOINTS", "/tmp/x"),  # noqa: S108
        ("SKILLSYNC_LISTENER", "7"),
        ("SKILLSYNC_CLOCK_FILE", "/srv/clock"),
        ("SKILLSYNC_DATABASE_URL", "sqlite+aiosqlite:////x.sqlite"),
        ("SKILLSYNC_CACHE_URL", "mem://"),
    ],
)
def test_stand_ins_are_refused_outside_the_local_environment(
    settings: pytest.MonkeyPatch, environment: str, name: str, value: str
) -> None:
    settings.setenv("SKILLSYNC_ENVIRONMENT", environment)
    for real in REAL.items():
        settings.setenv(*real)
    assert Settings().environment == environment
    settings.setenv(name, value)
    with pytest.raises(ValidationError, match="only the local environment"):
        Settings()


@pytest.mark.parametrize("environment", ["", "Prod", "production", "dev-", "dev_ann", "local\n", "locals"])
def test_other_environments_do_not_exist(settings: pytest.MonkeyPatch, environment: str) -> None:
    settings.setenv("SKILLSYNC_ENVIRONMENT", environment)
    with pytest.raises(ValidationError):
        Settings()


def test_settings_cannot_be_changed(settings: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_credentials_that_come_beside_a_url_are_put_into_it(settings: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SKILLSYNC_ENVIRONMENT": "prod",
        "SKILLSYNC_DATABASE_URL": "mysql+asyncmy://db.example:3306/skillsync_users",
        "SKILLSYNC_DATABASE_USER": "users_clone",
        "SKILLSYNC_DATABASE_PASSWORD": "a@b/c",
        "SKILLSYNC_CACHE_URL": "rediss://cache.example:6379/0",
        "SKILLSYNC_CACHE_PASSWORD": "token",
    }.items():
        settings.setenv(name, value)
    chosen = Settings()
    assert chosen.database_address == "mysql+asyncmy://users_clone:a%40b%2Fc@db.example:3306/skillsync_users"
    assert chosen.cache_address == "rediss://:token@cache.example:6379/0"
    assert "a@b/c" not in repr(chosen)
