"""The texts of mails: Jinja2 templates for text, MJML compiled once at start for HTML.

A folder per locale under `templates/`. `<template>.txt` begins with the line `Subject: …`; `<template>.mjml` is what
stands between the head and the foot of `layout.mjml`. MJML is compiled before anything is filled in, so what people
wrote is never read as markup: neither as MJML nor, escaped, as HTML.
"""

from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

import mrml
from jinja2 import DictLoader, Environment, StrictUndefined

from skillsync_notifications.entities import Contact, Exchange, Letter, Mail, Matter, Template, one_line
from skillsync_notifications.errors import NothingToSend

__all__ = ["Templates"]

_DEFAULT_LANGUAGE = "en"
_SUBJECT = "Subject: "
_LONGEST_SUBJECT = 180


@dataclass(frozen=True, slots=True)
class _Language:
    """One locale's templates, ready to be filled in."""

    text: Environment
    html: Environment


class Templates:
    """Writes letters. Every template of every locale is read and compiled when this is made, or it cannot be made."""

    def __init__(self, web_url: str) -> None:
        self._web_url = web_url.rstrip("/")
        root = resources.files("skillsync_notifications") / "templates"
        layout = (root / "layout.mjml").read_text("utf-8")
        self._languages = {folder.name: _language(folder, layout) for folder in root.iterdir() if folder.is_dir()}

    def write(
        self,
        mail: Mail,
        contact: Contact,
        matter: Matter | None,
        now: datetime,
        *,
        unsubscribe_url: str | None = None,
    ) -> Letter:
        """The letter of a mail to its recipient, in their language and time zone."""
        name = self._language_of(contact.locale)
        if mail.template.value not in self._languages[name].text.list_templates():
            raise NothingToSend("no words yet")
        exchange = matter if isinstance(matter, Exchange) else None
        language, zone = self._languages[name], _zone(contact.time_zone)
        values = {
            "recipient": one_line(contact.name),
            "exchange": exchange,
            "actor": exchange.names.get(mail.actor or "", "") if exchange else "",
            "title": one_line(exchange.title) if exchange else "",
            "local": lambda moment: moment.astimezone(zone),
            "time_zone": zone.key,
            "web_url": self._web_url,
        }
        head, _, text = language.text.get_template(mail.template.value).render(values).partition("\n")
        return Letter(
            mail_id=mail.id,
            address=contact.address,
            name=one_line(contact.name),
            subject=_shortened(one_line(head.removeprefix(_SUBJECT))),
            text=text.strip() + "\n",
            html=language.html.get_template(mail.template.value).render(values),
            language=name,
            written_at=now,
            unsubscribe_url=unsubscribe_url,
        )

    def _language_of(self, locale: str) -> str:
        """The folder for a locale as `de` or `de-AT`; the default one when there is none."""
        wanted = locale.replace("_", "-").split("-")[0].lower()
        return wanted if wanted in self._languages else _DEFAULT_LANGUAGE


def _language(folder: Traversable, layout: str) -> _Language:
    sources = {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.is_file()}
    words = sources["words.jinja"]
    texts = {
        template.value: sources[f"{template.value}.txt"] for template in Template if f"{template.value}.txt" in sources
    }
    for name, text in texts.items():
        if not text.startswith(_SUBJECT):
            raise ValueError(f"{folder.name}/{name}.txt must begin with '{_SUBJECT}'")
    pages = {
        template.value: _compiled(layout, sources, template, folder.name)
        for template in Template
        if f"{template.value}.txt" in sources
    }
    return _Language(
        text=_environment({**texts, "words": words, "legs": sources["legs.txt"], "foot": sources["foot.txt"]}),
        html=_environment({**pages, "words": words}, autoescape=True),
    )


def _compiled(layout: str, sources: dict[str, str], template: Template, language: str) -> str:
    # Not MJML's own includes: mrml takes some elements for misplaced when they stand in an included file.
    page = layout.replace("<!-- body -->", sources[f"{template.value}.mjml"])
    for part in ("legs", "foot"):
        page = page.replace(f"<!-- {part} -->", sources[f"{part}.mjml"])
    compiled = mrml.to_html(page.replace('lang="en"', f'lang="{language}"'))
    if compiled.warnings:
        raise ValueError(f"{language}/{template.value}.mjml: {[warning.kind for warning in compiled.warnings]}")
    return compiled.content


def _environment(sources: dict[str, str], *, autoescape: bool = False) -> Environment:
    # Plain text is no markup: escaping it would put &amp; into what people read. HTML is escaped.
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=autoescape,  # noqa: S701 - see above
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"duration": _duration, "skill": lambda slug: slug.replace("-", " "), "line": one_line}
    # Phrases that many templates share; of this environment, so that they escape as it does.
    environment.globals["words"] = environment.get_template("words").module
    for name in sources:
        # Kept by the environment: a fault shows at start, and the first mail is as fast as the others.
        environment.get_template(name)
    return environment


def _duration(minutes: int) -> str:
    """Minutes as "1 h 30 min": symbols that every language reads."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _zone(name: str) -> ZoneInfo:
    """The time zone of that name; UTC, which the mail then names, when this machine knows none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _shortened(subject: str) -> str:
    return subject if len(subject) <= _LONGEST_SUBJECT else subject[: _LONGEST_SUBJECT - 1].rstrip() + "…"
