"""Mails as the emulator's mailbox has them."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from skillsync.errors import Problem
from skillsync.local.state import empty_status
from skillsync.views import mail
from skillsync.views.mail import read_mails
from skillsync_testing.emulator import Emulator


@pytest.fixture
def ses(emulator: Emulator) -> Any:
    client = boto3.client(
        "sesv2",
        endpoint_url=emulator.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="444455556666",
        aws_secret_access_key="test",  # noqa: S106
    )
    client.create_email_identity(EmailIdentity="sender@skillsync.example")
    return client


def send(ses: Any, to: str, subject: str, text: str) -> None:
    ses.send_email(
        FromEmailAddress="sender@skillsync.example",
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}},
    )


def test_mails_are_read_with_who_what_and_when_the_newest_last(ses: Any, emulator: Emulator) -> None:
    send(ses, "ana@mailbox.example", "First", "Guten Tag, schön")
    send(ses, "ana@mailbox.example", "Second", "…")
    first, second = [one for one in read_mails(emulator.endpoint_url) if one["recipients"] == ["ana@mailbox.example"]]
    assert (first["subject"], first["text"], first["sender"]) == (
        "First",
        "Guten Tag, schön",
        "sender@skillsync.example",
    )
    assert second["subject"] == "Second"
    assert first["sent_at"] <= second["sent_at"]


def test_mails_are_shown_without_what_steers_a_terminal(
    ses: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    send(ses, "bo@mailbox.example", "Plain", "one\n\x1b[2Jtwo [bold]three[/bold]")
    running = {**empty_status(), "aws_endpoint": emulator.endpoint_url}
    monkeypatch.setattr(mail, "require_running", lambda paths: running)
    mail.show_mails(tmp_path, as_json=False)  # type: ignore[arg-type]
    shown = capsys.readouterr().out
    assert "bo@mailbox.example" in shown
    assert "[bold]three[/bold]" in shown
    assert "\x1b[2J" not in shown
    mail.show_mails(tmp_path, as_json=True)  # type: ignore[arg-type]
    assert any(one["recipients"] == ["bo@mailbox.example"] for one in json.loads(capsys.readouterr().out))


def test_where_there_is_no_mailbox_it_says_so() -> None:
    with pytest.raises(Problem, match=r"^There is no mailbox to read at http://127\.0\.0\.1:1 "):
        read_mails("http://127.0.0.1:1")
