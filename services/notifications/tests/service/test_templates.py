"""The words of mails: every template, in text and HTML, in each language."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from skillsync_notifications.entities import (
    Contact,
    Digest,
    Exchange,
    ExchangeLeg,
    ExpiringOffering,
    Letter,
    Mail,
    Matter,
    Template,
)
from skillsync_notifications.service import Templates
from skillsync_notifications.service.files import Folder
from skillsync_notifications.service.wording import Languages

MakeMail = Callable[..., Mail]
MakeMatter = Callable[[Template], Matter | None]
Write = Callable[..., Letter]

LANGUAGES = ("en", "de")
SUBJECTS = {
    Template.WELCOME: ("Welcome to SkillSync", "Willkommen bei SkillSync"),
    Template.PROPOSAL_RECEIVED: ("Ana proposes: Guitar for German", "Ana schlägt vor: Guitar for German"),
    Template.PROPOSAL_CHANGED: ("Changed terms: Guitar for German", "Geänderte Bedingungen: Guitar for German"),
    Template.ACCEPTED: ("Agreed: Guitar for German", "Vereinbart: Guitar for German"),
    Template.CONFIRMED: ("Has it taken place? Guitar for German", "Hat er stattgefunden? Guitar for German"),
    Template.DECLINED: ("Declined: Guitar for German", "Abgelehnt: Guitar for German"),
    Template.CANCELLED: ("Called off: Guitar for German", "Abgesagt: Guitar for German"),
    Template.EXPIRED: ("Expired: Guitar for German", "Verfallen: Guitar for German"),
    Template.RECEIPT: ("Receipt: Guitar for German", "Beleg: Guitar for German"),
    Template.PROPOSAL_REMINDER: (
        "Your answer is awaited: Guitar for German",
        "Deine Antwort wird erwartet: Guitar for German",
    ),
    Template.EXPIRY_REMINDER: ("Expires soon: Guitar for German", "Verfällt bald: Guitar for German"),
    Template.CONFIRM_REMINDER: ("Has it taken place? Guitar for German", "Hat er stattgefunden? Guitar for German"),
    Template.SOFT_LIMIT: ("Your hours are running low", "Deine Stunden werden knapp"),
    Template.WEEKLY_DIGEST: ("Your week on SkillSync", "Deine Woche bei SkillSync"),
    Template.COORDINATORS_BRIEF: ("The week in your community", "Die Woche in deiner Gemeinschaft"),
    Template.OFFERING_EXPIRES: ("Your offer ends soon: Classical guitar", "Dein Angebot endet bald: Classical guitar"),
}
LINKS = {
    Template.WELCOME: "https://web.example",
    Template.SOFT_LIMIT: "https://web.example",
    Template.WEEKLY_DIGEST: "https://web.example/transactions/listed-1",
    Template.COORDINATORS_BRIEF: "https://web.example/analytics",
    Template.OFFERING_EXPIRES: "https://web.example/offerings/offering-1?renew",
}


class Reader(HTMLParser):
    """Reads a page as a browser would: its text and its links, and what it would fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href" and value and tag == "a"]
        self.fetched += [value or "" for name, value in attrs if name in ("src", "background")]
        self.fetched += [value or "" for name, value in attrs if name == "href" and tag == "link"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def paragraphs(letter: Letter) -> list[str]:
    """The letter's running text: no lists, no quotes and no links."""
    found = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\n+", letter.text)]
    return [
        paragraph for paragraph in found if not re.match(r"- |>|--|https?:", paragraph) and "https:" not in paragraph
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", Template)
def test_every_letter_is_whole(write: Write, template: Template, language: str) -> None:
    letter = write(template, locale=language)
    page = Reader(letter.html)
    for text in (letter.subject, letter.text, letter.html):
        assert not re.search(r"\{\{|\{%|\}\}|%\}|\[%|\[\[|%\(|\bNone\b|Undefined|<mj-", text)
    assert letter.language == language
    assert f'lang="{language}"' in letter.html
    assert letter.subject == SUBJECTS[template][LANGUAGES.index(language)]
    assert f"<title>{letter.subject}</title>" in letter.html
    assert page.tags[0] == "html"
    assert not re.search(r"<\w|&\w+;|\n{3,}|[ \t]\n", letter.text)
    assert letter.text.startswith({"en": "Hello Bo,\n\n", "de": "Hallo Bo,\n\n"}[language])
    last = {"en": "You get this mail because you have an account", "de": "Du bekommst diese Mail, weil du ein Konto"}
    assert letter.text.splitlines()[-1].startswith(last[language])
    link = LINKS.get(template, "https://web.example/transactions/exchange-1")
    assert link in page.links
    assert link in [line.strip() for line in letter.text.splitlines()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", Template)
def test_text_and_page_say_the_same(write: Write, template: Template, language: str) -> None:
    letter = write(template, locale=language)
    page = Reader(letter.html)
    assert len(paragraphs(letter)) >= 2
    for paragraph in paragraphs(letter):
        # Figures are a table in the page: their labels have no colon.
        assert paragraph in page.text or all(part.strip() in page.text for part in paragraph.split(":"))
    assert {link for link in page.links if link in letter.text} == set(page.links)


@pytest.mark.parametrize("template", [template for template in Template if template.is_about_exchange])
def test_a_letter_about_an_exchange_shows_its_terms(write: Write, template: Template) -> None:
    letter = write(template)
    page = Reader(letter.html)
    assert "  - Ana to Bo: Classical guitar, 1 hr\n  - Bo to Ana: German, 1 hr 30 min\n" in letter.text
    assert "Ana Classical guitar Bo 1 hr Bo German Ana 1 hr 30 min" in page.text
    when = "When: Monday, July 1, 2030, 2:00\u202fPM (Berlin time)"
    assert when in letter.text.splitlines()
    assert " ".join(when.split()) in page.text


def test_every_leg_of_a_ring_is_shown(
    write: Write, legs: tuple[ExchangeLeg, ...], an_exchange: Callable[..., Exchange]
) -> None:
    letter = write(Template.ACCEPTED, an_exchange("exchange-1", "ana", *legs), locale="de")
    shown = [line for line in letter.text.splitlines() if line.startswith("  - ")]
    assert shown == [
        "  - Ana für Bo: Guitar, 1 Std.",
        "  - Bo für Cleo: German, 1 Std. 30 Min.",
        "  - Cleo für Ana: Piano, 45 Min.",
    ]


@pytest.mark.parametrize("template", [Template.DECLINED, Template.CANCELLED, Template.PROPOSAL_RECEIVED])
def test_a_reason_is_quoted_when_there_is_one(write: Write, a_matter: MakeMatter, template: Template) -> None:
    exchange = a_matter(template)
    assert isinstance(exchange, Exchange)
    assert "\n> We are away.\n> Sorry.\n" in write(template).text
    assert "We are away.<br />Sorry." in write(template).html
    silent = write(template, replace(exchange, reason="", note=""))
    assert ">" not in silent.text
    assert "reason" not in silent.text


def test_what_expired_is_told_as_it_was(write: Write, a_matter: MakeMatter) -> None:
    exchange = a_matter(Template.EXPIRED)
    assert isinstance(exchange, Exchange)
    for template in (Template.EXPIRED, Template.EXPIRY_REMINDER):
        assert "Nobody" in write(template, replace(exchange, is_agreed=True)).text.split("Guitar")[0]
        assert "Not everybody" in write(template, replace(exchange, is_agreed=False)).text.split("Guitar")[0]
    assert "hours" not in write(Template.EXPIRED, replace(exchange, is_agreed=False)).text.lower()


def test_hours_are_free_again_only_where_they_were_held(write: Write, a_matter: MakeMatter) -> None:
    exchange = a_matter(Template.CANCELLED)
    assert isinstance(exchange, Exchange)
    assert "free again" in write(Template.CANCELLED).text
    assert "free again" not in write(Template.CANCELLED, replace(exchange, is_agreed=False)).text


def test_the_digest_counts_and_leaves_out_what_is_empty(write: Write, a_matter: MakeMatter) -> None:
    digest = a_matter(Template.WEEKLY_DIGEST)
    assert isinstance(digest, Digest)
    text = write(Template.WEEKLY_DIGEST).text
    assert "Your week from July 1, 2030 until July 8, 2030:" in text
    assert "  Given: 1 hr 30 min\n  Received: 1 hr\n  Balance: 2 hr 30 min\n" in text
    assert "\n1 proposal waits for your answer\n" in text
    assert "\n2 exchanges wait for your word that they took place\n" in text
    assert "  - Bread for yoga, with Ana and Cleo: Monday, July 1, 2030, 2:00" in text
    assert "  - Bike repair, by Dana\n    https://web.example/offerings/found-1\n" in text
    short = write(Template.WEEKLY_DIGEST, Digest(digest.since, digest.until), locale="de").text
    assert "  Gegeben: 0 Std.\n  Erhalten: 0 Std.\n  Stand: 0 Std.\n" in short
    assert "  - " not in short
    assert "1 Vorschlag wartet" not in short


def test_the_brief_hides_what_too_few_are_behind(write: Write) -> None:
    text = write(Template.COORDINATORS_BRIEF, locale="de").text
    assert "  Neue Mitglieder: 4\n  Aktive Mitglieder: 1.200\n  Ruhende Mitglieder: nicht gezeigt\n" in text
    assert "  Getauschte Zeit: 131 Std. 30 Min.\n" in text
    assert "Am meisten angeboten\n\n  German: 5 Mitglieder\n  Guitar: 3 Mitglieder\n" in text


def test_an_offer_and_a_wish_are_told_apart(write: Write, a_matter: MakeMatter) -> None:
    offer = a_matter(Template.OFFERING_EXPIRES)
    assert isinstance(offer, ExpiringOffering)
    wish = write(Template.OFFERING_EXPIRES, replace(offer, kind="want"))
    assert wish.subject == "Your wish ends soon: Classical guitar"
    assert "Others find your wish for Classical guitar until Monday" in wish.text
    assert "your offer" not in (wish.text + wish.html).lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_can_be_unsubscribed_says_how(write: Write, language: str) -> None:
    url = "https://web.example/v1/unsubscribe/token"
    letter = write(Template.WEEKLY_DIGEST, locale=language, unsubscribe_url=url)
    assert letter.unsubscribe_url == url
    assert letter.text.splitlines()[-1] == url
    assert url in Reader(letter.html).links
    without = write(Template.WEEKLY_DIGEST, locale=language)
    assert without.unsubscribe_url is None
    assert "unsubscribe" not in without.text + without.html


@pytest.mark.parametrize("template", Template)
def test_a_page_fetches_nothing(write: Write, template: Template) -> None:
    letter = write(template)
    assert Reader(letter.html).fetched == []
    assert not re.search(r"@import|url\(", letter.html)


@pytest.mark.parametrize("template", Template)
def test_a_page_can_be_read_in_the_dark(write: Write, template: Template) -> None:
    page = write(template).html
    assert '<meta name="color-scheme" content="light dark"' in page
    dark = page.partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
    # Each class that the dark style changes is in use, and each text has one.
    used = set(re.findall(r'class="([^"]+)"', page))
    assert {"text", "card", "page", "brand", "button"} <= {name for names in used for name in names.split()}
    assert all(f".{name} " in dark for name in ("text", "card", "brand", "button", "table", "muted"))


def test_erased_names_and_titles_leave_a_readable_mail(write: Write, a_matter: MakeMatter) -> None:
    exchange = a_matter(Template.PROPOSAL_RECEIVED)
    assert isinstance(exchange, Exchange)
    erased = replace(exchange, title="", names={}, legs=(ExchangeLeg("", "Bo", "guitar", 60),))
    letter = write(Template.PROPOSAL_RECEIVED, erased, name="")
    assert letter.subject == "a former member proposes: an exchange without a title"
    assert "  - a former member to Bo: Guitar, 1 hr\n" in letter.text
    assert letter.text.startswith("Hello,\n")
    assert "ehemaliges Mitglied für Bo" in write(Template.PROPOSAL_RECEIVED, erased, locale="de").text


def test_a_long_title_is_cut_in_the_subject_and_whole_in_the_mail(write: Write, a_matter: MakeMatter) -> None:
    exchange = a_matter(Template.RECEIPT)
    assert isinstance(exchange, Exchange)
    letter = write(Template.RECEIPT, replace(exchange, title="long " * 60))
    assert len(letter.subject) <= 180
    assert letter.subject.endswith("…")
    assert ("long " * 60).strip() in letter.text


def test_a_letter_is_refused_another_matter(templates: Templates, a_mail: MakeMail, a_matter: MakeMatter) -> None:
    contact = Contact("bo@people.example", "Bo", "en", "UTC")
    exchange, limit = a_matter(Template.RECEIPT), a_matter(Template.SOFT_LIMIT)
    for template, matter in (
        (Template.RECEIPT, None),
        (Template.SOFT_LIMIT, None),
        (Template.RECEIPT, limit),
        (Template.WELCOME, exchange),
    ):
        with pytest.raises(TypeError, match=template.value):
            templates.write(a_mail(template), contact, matter, a_mail().created_at)


def test_what_a_letter_lacks_is_an_error_and_no_gap(templates: Templates) -> None:
    wording = Languages(Folder.of_package("translations")).wording("en", "UTC")
    for write in (templates._pages.text, templates._pages.html):
        with pytest.raises(UndefinedError):
            write("receipt", {"wording": wording, "recipient": "Bo", "language": "en", "direction": "ltr"})


def test_an_appointment_is_for_what_takes_place_and_for_what_no_longer_does(write: Write, a_matter: MakeMatter) -> None:
    exchange = a_matter(Template.ACCEPTED)
    assert isinstance(exchange, Exchange)
    given = {template: write(template).appointment for template in Template}
    assert {template for template, appointment in given.items() if appointment} == {
        Template.ACCEPTED,
        Template.RECEIPT,
        Template.CANCELLED,
    }
    accepted, cancelled = given[Template.ACCEPTED], given[Template.CANCELLED]
    assert accepted is not None
    assert cancelled is not None
    assert (accepted.is_cancelled, cancelled.is_cancelled) == (False, True)
    assert (accepted.id, accepted.starts_at, accepted.minutes) == ("exchange-1", exchange.scheduled_for, 150)
    assert accepted.details == "Ana to Bo: Classical guitar, 1 hr\nBo to Ana: German, 1 hr 30 min"
    assert "calendar" in write(Template.ACCEPTED).text
    unscheduled = replace(exchange, scheduled_for=None)
    for template in (Template.ACCEPTED, Template.RECEIPT, Template.CANCELLED):
        letter = write(template, unscheduled)
        assert letter.appointment is None
        assert "calendar" not in letter.text
    # A proposal was in no calendar yet.
    assert write(Template.CANCELLED, replace(exchange, is_agreed=False)).appointment is None
