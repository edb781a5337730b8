"""What people wrote, made harmless before it reaches a mail."""

import unicodedata
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

__all__ = ["LINES", "harmless", "one_line"]

LINES = {"lines": True}
"""Metadata of a dataclass field whose text may have several lines."""

_Anything = TypeVar("_Anything")

# Control characters, lone surrogates, line and paragraph separators; and what turns the direction of reading round.
_UNWANTED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_UNWANTED_CHARACTERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    """The text as one line that steers no header: without control characters and without encoded words (RFC 2047)."""
    visible = "".join(" " if _is_unwanted(character) else character for character in text)
    return " ".join(visible.replace("=?", "= ?").split())


def harmless(value: _Anything) -> _Anything:
    """The same dataclass, tuple or dict, with each text in it as one line, or as lines where its field says so.

    All of what a mail tells passes through here once, so that no template can forget it.
    """
    return _cleaned(value, has_lines=False)  # type: ignore[no-any-return]


def _cleaned(value: Any, *, has_lines: bool) -> Any:
    # An enumeration's texts are ours.
    if type(value) is str:
        return "\n".join(one_line(line) for line in value.splitlines()).strip("\n") if has_lines else one_line(value)
    if isinstance(value, tuple):
        return tuple(_cleaned(item, has_lines=has_lines) for item in value)
    if isinstance(value, dict):
        return {key: _cleaned(item, has_lines=has_lines) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: _cleaned(getattr(value, field.name), has_lines="lines" in field.metadata)
            for field in fields(value)
        }
        return replace(value, **changes)
    return value


def _is_unwanted(character: str) -> bool:
    return character in _UNWANTED_CHARACTERS or unicodedata.category(character) in _UNWANTED_CATEGORIES
