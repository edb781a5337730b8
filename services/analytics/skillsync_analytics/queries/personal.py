"""What is read from the read model."""

from datetime import datetime

from skillsync_analytics.repository import MemberFigures, MemberRepository
from skillsync_kit.auth import Principal
from skillsync_kit.database import Database

__all__ = ["MemberFigures", "Queries"]


class Queries:
    """The questions this service answers."""

    def __init__(self, database: Database, repository: MemberRepository) -> None:
        self._database = database
        self._repository = repository

    async def of_member(self, by: Principal) -> tuple[MemberFigures, datetime | None]:
        """The caller's own figures, and the time of the newest event in the read model, seen in one snapshot."""
        async with self._database.read() as connection:
            figures = await self._repository.figures(connection, by.id)
            return figures, await self._repository.newest(connection)
