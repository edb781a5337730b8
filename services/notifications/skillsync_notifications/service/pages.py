"""From a letter's source to what is filled in: its subject, its text, and its HTML by way of MJML.

Two passes, told apart by their brackets. When the process starts, `[% … %]` and `[[ … ]]` build each letter from the
parts that all share (`parts.txt` and `parts.mjml`, `layout.txt` and `layout.mjml`), so that text and HTML say the same;
then mrml compiles the MJML. When a letter is written, `{% … %}` and `{{ … }}` fill it in. So what people wrote is never
read as markup: neither as MJML nor as Jinja nor, escaped, as HTML.
"""

import textwrap
from collections.abc import Callable
from typing import Any

import mrml
from jinja2 import DictLoader, Environment, StrictUndefined, pass_context
from jinja2.runtime import Context

from skillsync_notifications.service.files import Folder
from skillsync_notifications.service.wording import skill_name

__all__ = ["Pages"]

_SUBJECT = "Subject: "
_COLUMNS = 78


class Pages:
    """Every letter, compiled when this is made, or it cannot be made. The caller's values say `wording`."""

    def __init__(self, folder: Folder, letters: Folder) -> None:
        # Plain text is no markup: escaping it would put &amp; into what people read. HTML is escaped.
        texts, pages = {}, {}
        build = {kind: _builder(folder, kind) for kind in ("txt", "mjml")}
        for name, source in letters.files(".jinja"):
            subject, _, body = source.partition("\n")
            if not subject.startswith(_SUBJECT):
                raise ValueError(f"{name}.jinja must begin with '{_SUBJECT}'")
            texts[f"{name}.subject"] = subject.removeprefix(_SUBJECT)
            texts[name] = build["txt"](body)
            pages[name] = _compiled(name, build["mjml"](body))
        self.names = frozenset(pages)
        self._text = _environment(texts, autoescape=False)
        self._html = _environment(pages, autoescape=True)

    def subject(self, name: str, values: dict[str, Any]) -> str:
        """The letter's subject."""
        return self._text.get_template(f"{name}.subject").render(values)

    def text(self, name: str, values: dict[str, Any]) -> str:
        """The letter as plain text; paragraphs are set apart by one empty line."""
        lines = [line.rstrip() for line in self._text.get_template(name).render(values).strip().split("\n")]
        wanted = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
        return "\n".join(wanted) + "\n"

    def html(self, name: str, values: dict[str, Any]) -> str:
        """The letter as a page."""
        return self._html.get_template(name).render(values)


def _builder(folder: Folder, kind: str) -> Callable[[str], str]:
    environment = Environment(
        loader=DictLoader({"parts": folder.text(f"parts.{kind}"), "layout": folder.text(f"layout.{kind}")}),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        autoescape=False,  # noqa: S701 - our own files alone
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    parts = environment.get_template("parts").module
    environment.globals.update({name: part for name, part in vars(parts).items() if not name.startswith("_")})
    layout = environment.get_template("layout")
    return lambda body: layout.render(body=environment.from_string(body).render())


def _compiled(name: str, source: str) -> str:
    try:
        compiled = mrml.to_html(source)
    except OSError as error:
        raise ValueError(f"{name}.jinja makes no MJML: {error}") from None
    if compiled.warnings:
        raise ValueError(f"{name}.jinja: {[warning.kind for warning in compiled.warnings]}")
    return compiled.content


def _environment(sources: dict[str, str], *, autoescape: bool) -> Environment:
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=autoescape,  # noqa: S701 - see Pages
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        cache_size=len(sources),
    )
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {"skill": skill_name, "wrap": _wrapped}
    for name in sources:
        # Kept by the environment: a fault shows at start, and the first letter is as fast as the others.
        environment.get_template(name)
    return environment


@pass_context
def _gettext(context: Context, message: str) -> str:
    translated: str = context["wording"].gettext(message)
    return translated


@pass_context
def _ngettext(context: Context, singular: str, plural: str, count: int) -> str:
    translated: str = context["wording"].ngettext(singular, plural, count)
    return translated


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)
