"""Who could exchange with a member: the use case."""

from collections.abc import Sequence

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database
from skillsync_users.matching.entities import Match, Ring, candidates, rings
from skillsync_users.matching.repository import MatchRepository

__all__ = ["Matching"]


class Matching:
    """The use cases about matches."""

    def __init__(self, *, database: Database, repository: MatchRepository, clock: Clock) -> None:
        self._database = database
        self._repository = repository
        self._clock = clock

    async def direct(self, by: Principal, limit: int) -> Sequence[Match]:
        """At most `limit` members who offer what the caller wants and want what the caller offers, best first."""
        async with self._database.read() as connection:
            return await self._repository.direct(connection, by.id, self._clock.now(), limit)

    async def rings(self, by: Principal, limit: int) -> Sequence[Ring]:
        """At most `limit` rings of three that the caller could close, best first."""
        now = self._clock.now()
        async with self._database.read() as connection:
            own = await self._repository.own(connection, by.id, now)
            counterparts = await self._repository.counterparts(connection, own, now)
            lines = await self._repository.lines(connection, candidates(counterparts), now)
        return rings(by.id, counterparts, lines, limit)
