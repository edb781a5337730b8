"""The words of mails: every template, in text and HTML, whatever people have written."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib import resources

import pytest
from jinja2 import UndefinedError

from skillsync_notifications.entities import Contact, Exchange, ExchangeLeg, Letter, Mail, Template
from skillsync_notifications.service import Templates
from skillsync_notifications.service.templates import _duration

MakeMail = Callable[..., Mail]
MakeExchange = Callable[..., Exchange]

ANA = ExchangeLeg("Ana", "Bo", "classical-guitar", 60)
BO = ExchangeLeg("Bo", "Ana", "german", 90)
NASTY = 'Zoë "O\'Neil" <script>alert(1)</script> & {{ 7*7 }} {% raw %} <mj-text>'

# Those that have words.
WORDS = resources.files("skillsync_notifications") / "templates" / "en"
WRITTEN = [template for template in Template if (WORDS / f"{template.value}.txt").is_file()]


class Reader(HTMLParser):
    """Reads a page as a browser would: its text, its tags and its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates("https://web.example/")


@pytest.fixture
def write(templates: Templates, a_mail: MakeMail, an_exchange: MakeExchange) -> Callable[..., Letter]:
    def write(
        template: Template,
        *legs: ExchangeLeg,
        name: str = "Bo",
        locale: str = "en",
        time_zone: str = "Europe/Berlin",
        **changes: object,
    ) -> Letter:
        actor = "ana"
        exchange = an_exchange("exchange-1", actor, *legs, **{"title": "Guitar for German", **changes})
        mail = a_mail(template, actor=actor)
        contact = Contact("bo@people.example", name, locale, time_zone)
        return templates.write(mail, contact, exchange if template.is_about_exchange else None, mail.created_at)

    return write


@pytest.mark.parametrize("legs", [(ANA,), (ANA, BO)], ids=["gift", "swap"])
@pytest.mark.parametrize("template", WRITTEN)
def test_every_template_is_whole(write: Callable[..., Letter], template: Template, legs: tuple[ExchangeLeg]) -> None:
    letter = write(template, *legs, note="Hi Bo,\nshall we?", scheduled_for=datetime(2030, 7, 1, 12, tzinfo=UTC))
    page = Reader(letter.html)
    for text in (letter.subject, letter.text, letter.html):
        assert not re.search(r"\{\{|\{%|\}\}|%\}|\bNone\b|Undefined|<!-- (body|legs|foot)|<mj-", text)
    assert letter.text.startswith("Hello Bo,\n\n")
    assert not re.search(r"<\w|&\w+;|\n{3,}|[ \t]+$(?!\n>)", letter.text.replace("> \n", ">\n"))
    assert letter.text.splitlines()[-1] == "You get this mail because you have an account at SkillSync."
    assert "Hello Bo," in page.text
    assert page.tags[0] == "html"
    assert 'lang="en"' in letter.html
    link = "https://web.example/transactions/exchange-1" if template.is_about_exchange else "https://web.example"
    assert link in page.links
    assert link in letter.text.splitlines()
    if template.is_about_exchange:
        assert "Guitar for German" in letter.subject
        assert "  - Ana to Bo: classical guitar, 1 h\n" in letter.text
        assert "Ana classical guitar Bo 1 h" in page.text
        assert ("  - Bo to Ana: german, 1 h 30 min\n" in letter.text) == (len(legs) == 2)
        assert ("Bo german Ana 1 h 30 min" in page.text) == (len(legs) == 2)
        when = "When: Monday, 1 July 2030, 14:00 (Europe/Berlin)"
        assert when in letter.text.splitlines()
        assert when in page.text


@pytest.mark.parametrize(
    ("template", "subject"),
    [
        (Template.WELCOME, "Welcome to SkillSync"),
        (Template.PROPOSAL_RECEIVED, "Ana proposes: Guitar for German"),
        (Template.PROPOSAL_CHANGED, "Changed terms: Guitar for German"),
        (Template.ACCEPTED, "Agreed: Guitar for German"),
        (Template.CONFIRMED, "Has it taken place? Guitar for German"),
        (Template.RECEIPT, "Receipt: Guitar for German"),
    ],
)
def test_subjects(write: Callable[..., Letter], template: Template, subject: str) -> None:
    assert write(template).subject == subject


@pytest.mark.parametrize("template", WRITTEN)
def test_what_people_write_is_text_and_no_markup(write: Callable[..., Letter], template: Template) -> None:
    leg = ExchangeLeg(NASTY, NASTY, "guitar", 60)
    plain, nasty = write(template), write(template, leg, name=NASTY, title=NASTY, note=NASTY)
    assert f"Hello {NASTY},\n" in nasty.text
    assert f"Hello {NASTY}," in Reader(nasty.html).text
    allowed = set(Reader(plain.html).tags)
    assert set(Reader(nasty.html).tags) - {"br"} <= allowed
    assert "<script" not in nasty.html
    if template.is_about_exchange:
        assert NASTY in nasty.subject
        assert f"  - {NASTY} to {NASTY}: guitar, 1 h\n" in nasty.text


@pytest.mark.parametrize("character", ["\r", "\n", "\r\n", "\u2028", "\u2029", "\x00", "\x85", "\u202e", "\ud800"])
@pytest.mark.parametrize("template", WRITTEN)
def test_no_character_breaks_out_of_its_line(write: Callable[..., Letter], template: Template, character: str) -> None:
    evil = f"Ana{character}Bcc: all@people.example"
    leg = ExchangeLeg(evil, evil, "guitar", 60)
    letter = write(template, leg, name=evil, title=evil, note=evil)
    usual = write(template, ANA, name="x", title="x", note="x")
    assert "Ana Bcc: all@people.example" in letter.text
    for text in (letter.subject, letter.name, letter.text, letter.html):
        text.encode()
    assert [letter.subject] == letter.subject.splitlines()
    assert [letter.name] == letter.name.splitlines()
    # A note has lines of its own, each marked as quoted.
    assert len([line for line in letter.text.splitlines() if not line.startswith(">")]) == len(
        [line for line in usual.text.splitlines() if not line.startswith(">")]
    )


def test_dates_are_in_the_recipients_time_zone_summer_and_winter(write: Callable[..., Letter]) -> None:
    def when(zone: str, month: int) -> str:
        letter = write(Template.ACCEPTED, time_zone=zone, scheduled_for=datetime(2030, month, 1, 23, 30, tzinfo=UTC))
        return next(line for line in letter.text.splitlines() if line.startswith("When:"))

    assert when("Europe/Berlin", 1) == "When: Wednesday, 2 January 2030, 00:30 (Europe/Berlin)"
    assert when("Europe/Berlin", 7) == "When: Tuesday, 2 July 2030, 01:30 (Europe/Berlin)"
    assert when("America/New_York", 1) == "When: Tuesday, 1 January 2030, 18:30 (America/New_York)"
    for unknown in ("Nowhere/Atlantis", "", "../../etc/passwd", "UTC"):
        assert when(unknown, 1) == "When: Tuesday, 1 January 2030, 23:30 (UTC)"


def test_a_receipt_says_since_when_it_counts(write: Callable[..., Letter]) -> None:
    assert "since Tuesday, 1 January 2030, 13:00 (Europe/Berlin)." in write(Template.RECEIPT).text


@pytest.mark.parametrize("locale", ["en", "en-GB", "EN", "de", "de_AT", "", "../en", "xx-yy-zz"])
def test_a_locale_without_templates_gets_english(write: Callable[..., Letter], locale: str) -> None:
    assert write(Template.WELCOME, locale=locale).language == "en"


def test_erased_names_and_titles_leave_a_readable_mail(write: Callable[..., Letter]) -> None:
    letter = write(Template.PROPOSAL_RECEIVED, ExchangeLeg("", "Bo", "guitar", 60), name="", title="", names={})
    assert letter.subject == "a former member proposes: an exchange without a title"
    assert "  - a former member to Bo: guitar, 1 h\n" in letter.text
    assert letter.text.startswith("Hello there,\n")


def test_a_long_title_is_cut_in_the_subject_and_whole_in_the_mail(write: Callable[..., Letter]) -> None:
    letter = write(Template.RECEIPT, title="long " * 60)
    assert len(letter.subject) <= 180
    assert letter.subject.endswith("…")
    assert ("long " * 60).strip() in letter.text


def test_durations() -> None:
    assert [_duration(minutes) for minutes in (15, 60, 75, 6000)] == ["15 min", "1 h", "1 h 15 min", "100 h"]


def test_what_a_template_lacks_is_an_error_and_no_gap(templates: Templates, a_mail: MakeMail) -> None:
    with pytest.raises(UndefinedError):
        templates.write(a_mail(), Contact("bo@people.example", "Bo", "en", "UTC"), None, a_mail().created_at)
