"""What is done with statistics: exchanges are counted as events tell of them, and members read the sums."""

from collections.abc import Iterable
from datetime import datetime

from skillsync_kit.database import Database, UnitOfWork
from skillsync_users.profiles.service import Profiles
from skillsync_users.stats.entities import GivenLeg, Statistics, shares
from skillsync_users.stats.repository import StatisticsRepository

__all__ = ["Stats", "Tally"]


class Tally:
    """What adds exchanges to the read model."""

    def __init__(self, repository: StatisticsRepository) -> None:
        self._repository = repository

    async def count_exchange(self, unit: UnitOfWork, legs: Iterable[GivenLeg], at: datetime) -> None:
        """Count one finalized exchange for each participant, in the unit that records its event as handled."""
        for share in shares(legs):
            await self._repository.add(unit, share, at)


class Stats:
    """The use cases about statistics."""

    def __init__(self, *, database: Database, repository: StatisticsRepository, profiles: Profiles) -> None:
        self._database = database
        self._repository = repository
        self._profiles = profiles

    async def read(self, user: str) -> Statistics:
        """A member's statistics. Raises ProfileNotFound."""
        await self._profiles.read(user)
        async with self._database.read() as connection:
            return await self._repository.of(connection, user)
