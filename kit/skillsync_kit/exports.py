"""What a service hands out of one person, part by part and page by page: for the export that the person asked for."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import Database
from skillsync_kit.ids import canonical_id
from skillsync_kit.pagination import read_cursor, write_cursor
from skillsync_kit.texts import Slug

__all__ = ["After", "ExportPage", "Exports", "Part", "Rows"]

Item = TypeVar("Item")

_AT_ONCE = 100
_MOST = 2**31


class After(NamedTuple):
    """Where rows of a part begin: after the one of this id and, of several with one id, of this number."""

    id: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a part, by column; `after` is where the next ones begin, None when there are no more."""

    items: Sequence[Mapping[str, Any]]
    after: After | None = None

    @classmethod
    def of(
        cls,
        found: Sequence[Item],
        limit: int,
        show: Callable[[Item], Mapping[str, Any]],
        key: Callable[[Item], After],
    ) -> "Rows":
        """The rows of a query that asked for one more than `limit`."""
        shown = found[:limit]
        return cls([show(item) for item in shown], key(shown[-1]) if len(found) > limit else None)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing that a service knows of a person: `name` names its files, `about` tells the person what it is.

    `read` gives at most so many rows of a user's, those after a key.
    """

    name: str
    about: str
    read: Callable[[AsyncConnection, str, After, int], Awaitable[Rows]]


class ExportPage(BaseModel):
    """Some rows of one part of what a service knows of a person; `next` is null when that was all."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "part": "ledger",
                    "about": "Minutes that came to you or went from you.",
                    "items": [{"id": "0190c5d4-8f6e-7000-8000-000000000040", "minutes": 60}],
                    "next": None,
                }
            ]
        }
    )

    part: Slug = Field(description="What these rows are; a name of files")
    about: Annotated[str, Field(max_length=500)] = Field(description="What they are, in words for the person")
    items: Annotated[list[dict[str, Any]], Field(max_length=2 * _AT_ONCE)]
    next: Annotated[str, Field(max_length=512)] | None = Field(description="Where the next page begins")


class Exports:
    """What one service knows of people: its parts, in the order in which they are handed out."""

    def __init__(self, database: Database, parts: Sequence[Part]) -> None:
        self._database = database
        self._parts = {part.name: part for part in parts}
        self._following = dict(zip(self._parts, [*list(self._parts)[1:], None], strict=True))

    async def page(self, user: str, cursor: str | None) -> ExportPage:
        """The page that begins at the cursor; the first one without. Raises Invalid for a cursor of somebody else's."""
        bound = {"user": user}
        key = read_cursor(cursor, bound, (self._require_known, _require_id, _require_number))
        name, after = (key[0], After(key[1], int(key[2]))) if key else (next(iter(self._parts)), After())
        part = self._parts[name]
        async with self._database.read() as connection:
            rows = await part.read(connection, user, after, _AT_ONCE)
        following = name if rows.after else self._following[name]
        begin = rows.after or After()
        beginning = (following, begin.id, str(begin.number)) if following else None
        return ExportPage(
            part=name, about=part.about, items=[dict(row) for row in rows.items], next=write_cursor(beginning, bound)
        )

    def _require_known(self, name: str) -> None:
        if name not in self._parts:
            raise ValueError("no part of this service's")


def _require_id(text: str) -> None:
    if text:
        canonical_id(text)


def _require_number(text: str) -> None:
    if not 0 <= int(text) < _MOST:
        raise ValueError("out of range")
