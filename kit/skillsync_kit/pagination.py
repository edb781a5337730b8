"""Keyset pagination: a page, and an opaque cursor that binds the filters it was made under."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Response

from skillsync_kit.errors import FieldError, Invalid
from skillsync_kit.ids import canonical_id

__all__ = ["Cursor", "Limit", "Page", "link_next", "read_cursor", "write_cursor"]

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=100, description="How many items at the most")]
Cursor = Annotated[str | None, Query(max_length=512, description="Where the page before ended; from its `next`")]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, and the key after which the next page begins; None on the last page."""

    items: Sequence[Item]
    after: tuple[str, ...] | None

    @classmethod
    def of(cls, items: Sequence[Item], limit: int, key: Any) -> "Page[Item]":
        """The page of a query that asked for one item more than `limit`; `key` gives an item's sort key as a tuple."""
        shown = items[:limit]
        return cls(shown, key(shown[-1]) if len(items) > limit else None)


def write_cursor(after: tuple[str, ...] | None, filters: Mapping[str, Any]) -> str | None:
    """The cursor for the page after the key `after`, under these filters."""
    if after is None:
        return None
    text = json.dumps([*after, _digest(after, filters)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(
    cursor: str | None, filters: Mapping[str, Any], parts: Sequence[Callable[[str], object]] = (canonical_id,)
) -> tuple[str, ...] | None:
    """The key in a cursor. Raises Invalid when it is none of ours, or was made under other filters.

    Anybody can make a cursor up: `parts` read one part of the key each, and raise ValueError for what cannot be one.
    """
    if cursor is None:
        return None
    try:
        *after, digest = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        readable = _is_key(after, parts)
    except (ValueError, TypeError, binascii.Error):
        readable, after, digest = False, [], None
    if not readable:
        raise _invalid("This is no cursor; take the one of the page before, unchanged.")
    if digest != _digest(after, filters):
        raise _invalid("The cursor was changed or belongs to other filters; begin again without it.")
    return tuple(after)


def link_next(response: Response, path: str, filters: Mapping[str, Any], limit: int, cursor: str | None) -> None:
    """Name the next page in the response's `Link` header (RFC 8288)."""
    if cursor is not None:
        query = {name: value for name, value in filters.items() if value is not None}
        response.headers["Link"] = f'<{path}?{urlencode({**query, "limit": limit, "cursor": cursor})}>; rel="next"'


def _is_key(after: Sequence[Any], parts: Sequence[Callable[[str], object]]) -> bool:
    if len(after) != len(parts) or not all(isinstance(part, str) and part.isascii() for part in after):
        return False
    for read, part in zip(parts, after, strict=True):
        read(part)
    return True


def _digest(after: Sequence[str], filters: Mapping[str, Any]) -> str:
    text = json.dumps([[*after], {k: v for k, v in sorted(filters.items()) if v is not None}], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _invalid(detail: str) -> Invalid:
    return Invalid(detail, errors=(FieldError("the query: cursor", detail),))
