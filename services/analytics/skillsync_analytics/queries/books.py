"""The finalized exchanges of the read model, in pages, for whoever compares them with the ledger."""

from dataclasses import dataclass

from skillsync_analytics.repository import Books, Posted
from skillsync_kit.database import Database

__all__ = ["Bookkeeping", "BooksPage"]

_BEFORE_ALL = ""


@dataclass(frozen=True, slots=True)
class BooksPage:
    """Finalized exchanges; `next` is where the next page begins, None on the last one."""

    items: list[Posted]
    next: str | None


class Bookkeeping:
    """Reads the pages."""

    def __init__(self, database: Database, books: Books) -> None:
        self._database = database
        self._books = books

    async def page(self, *, after: str | None, limit: int) -> BooksPage:
        """The finalized ones among the next `limit` exchanges after an id."""
        async with self._database.read() as connection:
            return BooksPage(*await self._books.page(connection, after=after or _BEFORE_ALL, limit=limit))
