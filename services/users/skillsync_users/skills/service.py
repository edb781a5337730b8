"""The use cases about the catalogue. What ships is in memory; what was approved is read each time, by an index."""

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import Database
from skillsync_users.skills.entities import Catalogue, Skill
from skillsync_users.skills.repository import SkillRepository

__all__ = ["Skills"]


class Skills:
    """Which skills there are."""

    def __init__(self, *, database: Database, repository: SkillRepository, shipped: Catalogue) -> None:
        self._database = database
        self._repository = repository
        self.shipped = shipped

    async def catalogue(self) -> Catalogue:
        """The whole of it at this moment."""
        async with self._database.read() as connection:
            return self.shipped.and_these(await self._repository.approved(connection))

    async def find(self, connection: AsyncConnection, slug: str) -> Skill | None:
        """The skill of that slug; None when there is none."""
        return self.shipped.find(slug) or await self._repository.find(connection, slug)
