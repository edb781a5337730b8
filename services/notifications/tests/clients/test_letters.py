"""A letter's headers are exactly those meant, whatever the names and titles in it."""

from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillsync_notifications.clients.letters import compose, recipient
from skillsync_notifications.entities import Appointment, Letter, one_line

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


def test_a_date_comes_as_a_calendar_file(a_letter: MakeLetter) -> None:
    appointment = Appointment("t1", "Guitar", "Ana to Bo", "https://web.example/t1", a_letter().written_at, 60, 3)
    message = require_only_what_was_meant(compose(a_letter(appointment=appointment), SENDER))
    assert message.get_content_type() == "multipart/mixed"
    letter, attachment = message.iter_parts()
    assert letter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert attachment.get_content_type() == "text/calendar"
    assert attachment["Content-Type"].params["method"] == "PUBLISH"
    assert (attachment.get_filename(), attachment.get_content_disposition()) == ("exchange.ics", "attachment")
    assert isinstance(attachment, EmailMessage)
    assert b"UID:t1@mail.example" in attachment.get_content().encode()


@pytest.mark.parametrize(
    "url", ["https://web.example/v1/unsubscribe/token", "http://127.0.0.1:8080/u/" + "abcDEF_-" * 30]
)
def test_a_mailbox_can_unsubscribe_with_one_click(a_letter: MakeLetter, url: str) -> None:
    raw = compose(a_letter(unsubscribe_url=url), SENDER)
    # As mail systems read it: in one line and in no encoded words, however long (RFC 8058, section 3.1).
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    message = read(raw)
    assert sorted(message.keys()) == sorted([*HEADERS, "List-Unsubscribe", "List-Unsubscribe-Post"])
    assert message.defects == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "mailto:all@people.example",
        "https://web.example/\r\nBcc: all@people.example",
        "https://web.example/>, <mailto:all@people.example",
        "https://web.example/\u2028",
        "https://web.example/é",
        "https://web.example/ x",
        "https://web.example/" + "x" * 1000,
        "https://",
    ],
)
def test_what_is_no_link_is_no_letter(a_letter: MakeLetter, url: str) -> None:
    with pytest.raises(ValueError, match="no URL"):
        compose(a_letter(unsubscribe_url=url), SENDER)


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
        # Longer than a line: the standard library would fold it and lose its quotes.
        "Bo <all@people.example>, " * 5,
        '"Bo" <all@people.example>, all@people.example; ' + "x " * 40,
        "Zoë <all@people.example>, " * 5,
        "a" * 200 + " <all@people.example>",
    ],
)
def test_a_name_or_title_adds_no_header_and_no_recipient(a_letter: MakeLetter, evil: str) -> None:
    message = require_only_what_was_meant(compose(a_letter(name=evil, subject=evil), SENDER))
    assert message["Subject"].splitlines() == [message["Subject"]]
    assert "\u202e" not in message["Subject"]
    assert len(list(message.iter_parts())) == 2


# What has a meaning in an address, among letters and spaces; long enough for several lines.
SPECIALS = st.text(st.sampled_from('ab é<>@,;:"()[]\\=?.'), max_size=200)
ANYTHING = st.text(st.characters(codec=None), max_size=180)


@settings(deadline=None)
@given(SPECIALS | ANYTHING, SPECIALS | ANYTHING)
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
