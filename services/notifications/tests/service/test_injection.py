"""Nothing that people write steers a mail: each text field of what each letter tells of is tried with each attempt."""

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest

from skillsync_notifications.clients.calendars import calendar_file
from skillsync_notifications.clients.letters import compose
from skillsync_notifications.entities import Letter, Matter, Template, one_line

MakeMatter = Callable[[Template], Matter | None]
Write = Callable[..., Letter]

SENDER = "no-reply@mail.example"
VICTIM = "all@people.example"
ATTEMPTS = {
    "CR LF": f"x\r\nBcc: {VICTIM}\r\n\r\nbody",
    "LF": f"x\nBcc: {VICTIM}",
    "CR": f"x\rBcc: {VICTIM}",
    "U+2028": f"x\u2028Bcc: {VICTIM}\u2029y\x85z",
    "encoded words": f"=?utf-8?q?x=0D=0ABcc:_{VICTIM}?=",
    "encoded words in base64": "=?utf-8?b?eA0KQmNjOiBhbGxAcGVvcGxlLmV4YW1wbGU=?=",
    "bidi": "\u202eelpmaxe\u202c \u2066x\u2069",
    "ANSI": "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "NUL and others": "a\x00b\x0bc\x0cd\x7fe\x9b31m",
    "a lone surrogate": "a\ud800b",
    "HTML": '<script>alert(1)</script><img src=x onerror=alert(1)><a href="https://evil.example">x</a>',
    "an attribute": '"><a href="https://evil.example" onclick="x">',
    "an end of a comment": "--><![endif]--></style></title><b>x</b>",
    "MJML": '<mj-text>x</mj-text></mj-column><mj-raw><script src="https://evil.example"></script></mj-raw>',
    "Jinja": "{{ 7*7 }} {% raw %} {{ wording.__class__ }} {# x #} [[ 7*7 ]] [% raw %]",
    "placeholders": "%(name)s %(nobody)s %s %d 100% %% {0} {name}",
    "recipients": f'"Bo" <{VICTIM}>, {VICTIM};',
    "Markdown and links": "[x](https://evil.example) javascript:alert(1)",
}


class Structure(HTMLParser):
    """What a browser would make of a page: elements, attributes, links; and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: set[tuple[str, str]] = set()
        self.links: set[str] = set()
        self.comments = 0
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}

    def handle_comment(self, data: str) -> None:
        self.comments += 1

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def spoilt(value: Any, evil: str) -> Any:
    """The same, with `evil` in place of each text in it, wherever it lies."""
    if isinstance(value, str):
        return evil
    if isinstance(value, tuple):
        return tuple(spoilt(item, evil) for item in value)
    if isinstance(value, dict):
        return {key: spoilt(item, evil) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: spoilt(getattr(value, field.name), evil) for field in fields(value)})
    return value


def texts(value: Any) -> list[str]:
    """The texts in it."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple | dict):
        return [text for item in (value.values() if isinstance(value, dict) else value) for text in texts(item)]
    if is_dataclass(value):
        return [text for field in fields(value) for text in texts(getattr(value, field.name))]
    return []


def read(letter: Letter) -> EmailMessage:
    message = message_from_bytes(compose(letter, SENDER), policy=default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
def both(write: Write, a_matter: MakeMatter) -> Callable[..., tuple[Letter, Letter]]:
    """Writes a letter twice: about what is innocent, and about the same with an attempt in each of its texts.

    In German: through a catalogue, and through the same templates as English.
    """

    def both(template: Template, evil: str) -> tuple[Letter, Letter]:
        matter = a_matter(template)
        # The innocent text has as many lines: a note may have several.
        plain = "\n".join(["x"] * max(1, len(evil.splitlines())))
        url = "https://web.example/v1/unsubscribe/token"
        innocent, attempted = (
            write(template, spoilt(matter, text), name=text, locale="de", unsubscribe_url=url) for text in (plain, evil)
        )
        return innocent, attempted

    return both


@pytest.mark.parametrize("evil", ATTEMPTS.values(), ids=ATTEMPTS)
@pytest.mark.parametrize("template", Template)
def test_a_letter_is_built_as_if_nothing_had_been_tried(
    both: Callable[..., tuple[Letter, Letter]], template: Template, evil: str
) -> None:
    innocent, attempted = both(template, evil)
    require_same_message(read(innocent), read(attempted))
    require_same_page(Structure(innocent.html), Structure(attempted.html))
    # Not cut out, but shown as what it is: text.
    assert one_line(evil) in Structure(attempted.html).text
    require_same_paragraphs(innocent.text, attempted.text)
    assert calendar_lines(innocent) == calendar_lines(attempted)


def require_same_message(innocent: EmailMessage, attempted: EmailMessage) -> None:
    assert attempted.keys() == innocent.keys()
    assert attempted.defects == []
    assert [address.addr_spec for address in attempted["To"].addresses] == ["bo@people.example"]
    assert [address.addr_spec for address in attempted["From"].addresses] == [SENDER]
    assert attempted["Subject"].splitlines() == [attempted["Subject"]]
    assert attempted["List-Unsubscribe"] == "<https://web.example/v1/unsubscribe/token>"
    parts = [[(part.get_content_type(), part.get_filename()) for part in it.walk()] for it in (innocent, attempted)]
    assert parts[0] == parts[1]


def require_same_page(innocent: Structure, attempted: Structure) -> None:
    assert attempted.elements == innocent.elements
    assert attempted.attributes == innocent.attributes
    assert attempted.comments == innocent.comments
    assert all(link.startswith("https://web.example") for link in attempted.links)


def require_same_paragraphs(innocent: str, attempted: str) -> None:
    assert attempted.split("\n").count("") == innocent.split("\n").count("")
    assert not [character for character in attempted if steers(character)]
    # A lone surrogate could not be written.
    attempted.encode()


def steers(character: str) -> bool:
    """Whether a terminal or a reader does something at this character instead of showing it."""
    is_control = unicodedata.category(character) == "Cc" and character != "\n"
    return is_control or character in "\u2028\u2029" or "\u202a" <= character <= "\u202e"


def calendar_lines(letter: Letter) -> list[str]:
    """The names of the calendar file's properties, in their order."""
    if not letter.appointment:
        return []
    raw = calendar_file(letter.appointment, SENDER, letter.written_at).decode()
    return [line.split(":")[0] for line in raw.replace("\r\n ", "").splitlines()]


def test_every_text_of_every_matter_is_tried(a_matter: MakeMatter) -> None:
    for template in Template:
        tried = texts(spoilt(a_matter(template), "evil"))
        assert set(tried) <= {"evil"}
        assert tried or template in (Template.WELCOME, Template.SOFT_LIMIT)


def test_an_attempt_that_worked_would_be_seen(both: Callable[..., tuple[Letter, Letter]]) -> None:
    innocent, _ = both(Template.RECEIPT, "x")
    for worked in ("<b>x</b>", "<!-- x -->"):
        with pytest.raises(AssertionError):
            require_same_page(Structure(innocent.html), Structure(innocent.html + worked))
    for worked in ("\n\ny", "\x1b[31m", "\u202e"):
        with pytest.raises(AssertionError):
            require_same_paragraphs(innocent.text, innocent.text + worked)
    with pytest.raises(AssertionError):
        require_same_message(read(innocent), read(replace(innocent, address=VICTIM)))
