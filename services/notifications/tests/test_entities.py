"""A mail's life, and what may stand in a header."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillsync_notifications.entities import Mail, Status, one_line

MakeMail = Callable[..., Mail]


def test_sending_ends_it_and_says_so(a_mail: MakeMail) -> None:
    mail = a_mail(last_error="earlier")
    fact = mail.send("ses-1", mail.created_at)
    assert (mail.status, mail.ses_message_id, mail.sent_at) == (Status.SENT, "ses-1", mail.created_at)
    assert mail.last_error is None
    assert fact.data() == {"recipient": mail.recipient, "template": "receipt", "cause": mail.event_id}


@pytest.mark.parametrize("end", [lambda m: m.drop("gone"), lambda m: m.fail("no"), lambda m: m.send("s", m.created_at)])
def test_an_end_is_an_end(a_mail: MakeMail, end: Callable[[Mail], object]) -> None:
    mail = a_mail()
    end(mail)
    agains: list[Callable[[], object]] = [
        lambda: mail.drop("x"),
        lambda: mail.fail("x"),
        lambda: mail.put_off("x", mail.created_at),
    ]
    for again in agains:
        with pytest.raises(ValueError, match="already"):
            again()


def test_it_is_put_off_longer_and_longer_for_more_than_a_day_and_then_fails(a_mail: MakeMail) -> None:
    mail = a_mail()
    waits: list[timedelta] = []
    while mail.status is Status.PENDING:
        mail.attempts += 1
        mail.put_off("the users service does not answer", mail.created_at)
        if mail.claimed_until:
            waits.append(mail.claimed_until - mail.created_at)
    assert (mail.status, mail.last_error) == (Status.FAILED, "the users service does not answer")
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=1)
    assert timedelta(days=1) < sum(waits, timedelta()) < timedelta(days=2)


@given(st.text(st.characters(codec=None)))
def test_one_line_is_one_line_whatever_it_was(text: str) -> None:
    line = one_line(text)
    assert line.splitlines() in ([], [line])
    assert "=?" not in line
    assert line.isprintable() or all(
        character.isprintable() or character not in "\r\n\0\u2028\u2029" for character in line
    )
    line.encode()


def test_one_line_leaves_names_alone() -> None:
    for name in ("Zoë O'Neil-Brânză", "李小龍", "محمد", "Ana (she/her) <3"):
        assert one_line(name) == name
