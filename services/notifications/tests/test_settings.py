"""A process without what it needs does not start."""

import pytest

from skillsync_kit.settings import load
from skillsync_notifications.settings import NotificationsSettings

COMPLETE = {
    "PORT": "0",
    "DATABASE_URL": "sqlite+aiosqlite:////nowhere.sqlite",
    "TOKEN_ISSUER": "https://pool.example",
    "JWKS_URL": "https://pool.example/keys",
    "WEB_CLIENT_ID": "web",
    "WORKER_CLIENT_ID": "worker",
    "TOPIC_ARN": "topic",
    "QUEUE_URL": "https://queue.example",
    "FEEDBACK_QUEUE_URL": "https://queue.example/feedback",
    "USERS_URL": "http://users.example",
    "TRANSACTIONS_URL": "http://transactions.example",
    "ANALYTICS_URL": "http://analytics.example",
    "TOKEN_URL": "https://pool.example/token",
    "WORKER_SECRET_ID": "secret",
    "MAIL_SENDER": "no-reply@mail.example",
    "WEB_URL": "http://web.example",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(f"SKILLSYNC_{name}", value)
    return monkeypatch


def test_a_configuration_set_is_optional(environment: pytest.MonkeyPatch) -> None:
    assert load(NotificationsSettings).mail_configuration_set is None


@pytest.mark.parametrize("name", ["WORKER_CLIENT_ID", "WORKER_SECRET_ID", "TOKEN_URL", "MAIL_SENDER", "WEB_URL"])
def test_what_is_missing_is_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    environment.delenv(f"SKILLSYNC_{name}")
    with pytest.raises(SystemExit) as ended:
        load(NotificationsSettings)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"SKILLSYNC_{name}: Field required\n"


@pytest.mark.parametrize("sender", ["nobody", "a@b@c", "Sky <a@mail.example>", "a@mail.example\r\nBcc: x@y.example"])
def test_a_sender_that_is_no_address_is_refused(environment: pytest.MonkeyPatch, sender: str) -> None:
    environment.setenv("SKILLSYNC_MAIL_SENDER", sender)
    with pytest.raises(SystemExit):
        load(NotificationsSettings)
