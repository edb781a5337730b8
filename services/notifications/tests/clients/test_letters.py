"""A letter's headers are exactly those meant, whatever the names and titles in it."""

from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillsync_notifications.clients.letters import compose, recipient
from skillsync_notifications.entities import Letter, one_line

MakeLetter = Callable[..., Letter]
SENDER = "no-reply@mail.example"
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
]


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def require_only_what_was_meant(raw: bytes) -> EmailMessage:
    message = read(raw)
    assert sorted(message.keys()) == sorted(HEADERS)
    assert [address.addr_spec for address in message["To"].addresses] == ["bo@people.example"]
    assert [address.addr_spec for address in message["From"].addresses] == [SENDER]
    assert message.defects == []
    return message


def test_a_letter_is_text_and_the_same_in_html(a_letter: MakeLetter) -> None:
    message = require_only_what_was_meant(compose(a_letter(text="Grüße\n", html="<p>Grüße</p>"), SENDER))
    assert message["From"] == "SkillSync <no-reply@mail.example>"
    assert message["To"] == "Bo <bo@people.example>"
    assert message["Subject"] == "Receipt: Guitar"
    assert message["Date"].datetime == a_letter().written_at
    assert message["Message-ID"] == "<mail-1@mail.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert (text.get_content(), html.get_content()) == ("Grüße\r\n", "<p>Grüße</p>\r\n")


def test_lines_are_as_mail_servers_take_them(a_letter: MakeLetter) -> None:
    raw = compose(a_letter(subject="ä" * 180, text="x" * 5000 + "é", html="<p>" + "y" * 5000), SENDER)
    lines = raw.split(b"\r\n")
    assert max(len(line) for line in lines) <= 998
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    raw.decode("ascii")
    assert read(raw)["Subject"] == "ä" * 180


@pytest.mark.parametrize(
    "evil",
    [
        "Bo\r\nBcc: all@people.example",
        "Bo\nBcc: all@people.example",
        "Bo\r\n\r\nAnother body",
        "Bo\u2028Bcc: all@people.example",
        "Bo\x85Bcc: all@people.example",
        "Bo\x00\x0b\x0c\x1c\x1d\x1e",
        "=?utf-8?q?Bo=0D=0ABcc:_all@people.example?=",
        "=?utf-8?b?Qm8NCkJjYzogYWxsQHBlb3BsZS5leGFtcGxl?=",
        "=?utf-8?q?a?= =?utf-8?q?b=0D=0ABcc:x@people.example?=",
        "==??utf-8?q?=0ABcc:x@people.example?=",
        '"Bo" <all@people.example>, Cleo',
        "Bo <all@people.example>",
        "all@people.example,",
        '\\" , <all@people.example>',
        "\u202eelpmaxe.elpoep@lla",
        "Bo\ud800",
    ],
)
def test_a_name_or_title_adds_no_header_and_no_recipient(a_letter: MakeLetter, evil: str) -> None:
    message = require_only_what_was_meant(compose(a_letter(name=evil, subject=evil), SENDER))
    assert message["Subject"].splitlines() == [message["Subject"]]
    assert "\u202e" not in message["Subject"]
    assert len(list(message.iter_parts())) == 2


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=120), st.text(st.characters(codec=None), max_size=180))
def test_no_name_and_no_title_does(name: str, subject: str) -> None:
    moment = read(b"Date: Tue, 01 Jan 2030 12:00:00 +0000\r\n\r\n")["Date"].datetime
    letter = Letter("mail-1", "bo@people.example", name, subject, "Hello\n", "<p>Hello</p>", "en", moment)
    message = require_only_what_was_meant(compose(letter, SENDER))
    # Spaces aside: the reader puts one between the encoded words of a long name.
    assert message["To"].addresses[0].display_name.replace(" ", "") == one_line(name).replace(" ", "")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bo",
        "@people.example",
        "bo@",
        "bo@people.example\r\nBcc: all@people.example",
        "bo@people.example, all@people.example",
        "bo people@people.example",
        "böb@people.example",
        "bo@people.example\x00",
        "bo@-.example\u2028x",
        "<bo@people.example>",
    ],
)
def test_what_is_no_address_is_no_letter(a_letter: MakeLetter, address: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever check is first
        compose(a_letter(address=address), SENDER)


def test_a_comment_in_an_address_goes_nowhere(a_letter: MakeLetter) -> None:
    letter = a_letter(address="bo@people.example (all@people.example)")
    assert recipient(letter).addr_spec == "bo@people.example"
    require_only_what_was_meant(compose(letter, SENDER))


def test_a_domain_beyond_ascii_is_written_as_servers_know_it(a_letter: MakeLetter) -> None:
    message = read(compose(a_letter(address="bo@bücher.example"), SENDER))
    assert [address.addr_spec for address in message["To"].addresses] == ["bo@xn--bcher-kva.example"]
