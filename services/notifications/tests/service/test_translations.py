"""Catalogues: each message is translated, in all of its forms; and a further language is one file."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po, write_po

from skillsync_notifications.entities import Contact, Mail, Matter, Template
from skillsync_notifications.service import Templates
from skillsync_notifications.service.files import Folder
from skillsync_notifications.service.wording import Languages

HOME = Path(__file__).resolve().parents[2]
TRANSLATIONS = HOME / "skillsync_notifications" / "translations"
CATALOGUES = sorted(TRANSLATIONS.glob("*.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%.")


def read(path: Path) -> Catalog:
    return read_po(BytesIO(path.read_bytes()), locale=None if path.suffix == ".pot" else path.stem)


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def texts(value: Any) -> tuple[str, ...]:
    """Babel gives the forms of a plural as a tuple or a list, and one text as it is."""
    return (value,) if isinstance(value, str) else tuple(value)


def source() -> Catalog:
    return read(TRANSLATIONS / "mails.pot")


def translated(locale: str, word: Callable[[str, int], str]) -> bytes:
    """A catalogue in which each form of each message is what `word` makes of it and of the form's number."""
    catalogue = Catalog(locale=locale, fuzzy=False)
    for message in messages(source()):
        forms = tuple(word(texts(message.id)[-1], form) for form in range(catalogue.num_plurals))
        catalogue.add(message.id, forms if message.pluralizable else forms[0], flags=message.flags)
    written = BytesIO()
    write_po(written, catalogue)
    return written.getvalue()


def problems(catalogue: Catalog) -> list[str]:
    """What is wrong with a catalogue, held against the source's messages."""
    known, found = {message.id: message for message in messages(source())}, {m.id: m for m in messages(catalogue)}
    wrong = [f"not translated: {id}" for id in known.keys() - found.keys()]
    wrong += [f"no such message: {id}" for id in found.keys() - known.keys()]
    for id, message in found.items():
        ids, forms = texts(id), texts(message.string)
        if message.fuzzy or not all(forms) or (len(ids) > 1 and len(forms) != catalogue.num_plurals):
            wrong.append(f"not translated: {id}")
        elif any(set(PLACEHOLDER.findall(form)) != set(PLACEHOLDER.findall(ids[-1])) for form in forms):
            wrong.append(f"other placeholders: {id}")
    return wrong


def test_the_source_is_what_the_templates_and_the_code_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HOME)
    extracted = tmp_path / "mails.pot"
    options = ("--no-location", "--sort-output", "--omit-header", "--mapping", "babel.cfg", "--output", str(extracted))
    pybabel: Any = CommandLineInterface()
    pybabel.run(["pybabel", "--quiet", "extract", *options, "."])
    assert extracted.read_text() == (TRANSLATIONS / "mails.pot").read_text(), (
        "the messages have changed: see the service's README on translations"
    )
    assert len(list(messages(source()))) > 90


def test_there_is_german() -> None:
    assert "de.po" in {path.name for path in CATALOGUES}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_each_message_is_translated_with_its_placeholders(path: Path) -> None:
    assert problems(read(path)) == []


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda text: text, None),
        (lambda text: text.replace('msgstr "Loslegen"', 'msgstr ""'), "not translated: Begin"),
        (lambda text: text.replace('msgid "Begin"', 'msgid "Start"'), "no such message: Start"),
        (lambda text: text.replace('msgid "Begin"', '#, fuzzy\nmsgid "Begin"'), "not translated: Begin"),
        (lambda text: text.replace("Hallo %(name)s", "Hallo %(nmae)s"), "other placeholders: Hello %(name)s,"),
        (lambda text: text.replace("Hallo %(name)s", "Hallo"), "other placeholders: Hello %(name)s,"),
    ],
)
def test_a_spoilt_catalogue_is_found(tmp_path: Path, spoil: Callable[[str], str], problem: str | None) -> None:
    (tmp_path / "de.po").write_text(spoil((TRANSLATIONS / "de.po").read_text()))
    found = problems(read(tmp_path / "de.po"))
    assert (problem in found) if problem else found == []


def test_a_catalogue_with_other_placeholders_is_refused_when_the_process_starts(tmp_path: Path) -> None:
    (tmp_path / "de.po").write_text((TRANSLATIONS / "de.po").read_text().replace("Hallo %(name)s", "Hallo %(nmae)s"))
    with pytest.raises(ValueError, match=r"de\.po.*Hello"):
        Languages(Folder(tmp_path))


@pytest.fixture(scope="module")
def with_polish(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates, with one more file beside the German one: each message in brackets."""
    folder = tmp_path_factory.mktemp("translations")
    (folder / "de.po").write_bytes((TRANSLATIONS / "de.po").read_bytes())
    (folder / "pl.po").write_bytes(translated("pl", lambda text, form: f"⟦{text}⟧"))
    return Templates("https://web.example", Folder(folder))


@pytest.mark.parametrize("template", Template)
def test_a_further_language_is_one_file(
    with_polish: Templates,
    a_mail: Callable[..., Mail],
    a_matter: Callable[[Template], Matter | None],
    template: Template,
) -> None:
    assert with_polish.languages == ["de", "en", "pl"]
    contact = Contact("bo@people.example", "Bo", "pl-PL", "Europe/Warsaw")
    letter = with_polish.write(a_mail(template, actor="ana"), contact, a_matter(template), a_mail().created_at)
    assert letter.language == "pl"
    assert letter.subject.startswith("⟦")
    assert letter.text.startswith("⟦Hello Bo,⟧\n")
    assert 'lang="pl"' in letter.html
    # What stands outside of brackets is what people wrote, and figures.
    assert not re.search(r"[a-z]", untranslated(letter.text))
    visible = re.sub(r"<!--.*?-->|<style.*?</style>|<[^>]*>", "\n", letter.html, flags=re.DOTALL)
    assert not re.search(r"[a-z]", untranslated(visible))


def test_plurals_follow_the_languages_own_rule(tmp_path: Path) -> None:
    (tmp_path / "pl.po").write_bytes(translated("pl", lambda text, form: f"{form}: {text}"))
    wording = Languages(Folder(tmp_path)).wording("pl", "UTC")
    shown = [wording.members(count)[0] for count in (1, 2, 4, 5, 21, 22, 25)]
    assert shown == ["0", "1", "1", "2", "2", "1", "2"]


def untranslated(text: str) -> str:
    """The text without what a catalogue put in brackets, and without what the sample says."""
    while (fewer := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = fewer
    said = (
        r"https:\S+|Guitar for German|Bread for yoga|(> )?Hi Bo,|(> )?shall we\?|We are away\.|Sorry\.|For all ages\."
    )
    names = r"\b(Ana|Bo|SkillSync|Classical guitar|German|Guitar|Piano|godz\.|min)(?=\W|$)"
    return re.sub(f"{said}|{names}", "", text)
