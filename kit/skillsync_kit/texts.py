"""Text that people write: what may be in it, so that no mail header, log line or page can be steered by it."""

import unicodedata
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

__all__ = ["Line", "Paragraphs", "Slug"]

# Line and paragraph separators, lone surrogates and control characters.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Bidirectional overrides and isolates: they make text read as something else than it is.
_REFUSED_CHARACTERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _line(text: str) -> str:
    if any(c in _REFUSED_CHARACTERS or unicodedata.category(c) in _REFUSED_CATEGORIES for c in text):
        raise ValueError("must be one line without control characters")
    return unicodedata.normalize("NFC", text).strip()


def _paragraphs(text: str) -> str:
    return "\n".join(_line(line) for line in text.replace("\r\n", "\n").split("\n")).strip()


# Before the length is looked at: what counts is what is kept, and a normal form can be longer than what was given.
Line = Annotated[str, BeforeValidator(lambda given: _line(given) if isinstance(given, str) else given)]
"""One line of text; NFC, without control characters, trimmed.

Give a length with `Field(max_length=…)`; it counts what is kept.
"""

Paragraphs = Annotated[str, BeforeValidator(lambda given: _paragraphs(given) if isinstance(given, str) else given)]
"""Lines of text; line feeds are the only control characters."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
"""A name for machines: lower-case words joined by hyphens."""
