"""How a change of an offering is kept: the row, and the event that tells of it, in one unit of work."""

from collections.abc import Callable

from skillsync_kit.clock import Clock
from skillsync_kit.database import UnitOfWork
from skillsync_users.events import as_event
from skillsync_users.offerings.entities import Offering
from skillsync_users.offerings.events import OfferingFact
from skillsync_users.offerings.repository import OfferingRepository
from skillsync_users.skills.service import Skills

__all__ = ["Record"]


class Record:
    """Keeps what happened to offerings."""

    def __init__(
        self, *, repository: OfferingRepository, skills: Skills, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._repository = repository
        self._skills = skills
        self._clock = clock
        self._new_id = new_id

    async def add(self, unit: UnitOfWork, offering: Offering, published: OfferingFact) -> None:
        """Keep a new offering. Raises OfferingExists."""
        await self._make_room(unit, offering)
        await self._repository.add(unit, offering, await self._search_text(unit, offering))
        unit.publish(as_event(published, self._new_id()))

    async def save(self, unit: UnitOfWork, offering: Offering, fact: OfferingFact | None) -> None:
        """Keep a change, if it was one. Raises OfferingExists and ChangedMeanwhile."""
        if fact is None:
            return
        await self._make_room(unit, offering)
        await self._repository.save(unit, offering, await self._search_text(unit, offering))
        unit.publish(as_event(fact, self._new_id()))

    async def remove(self, unit: UnitOfWork, offering: Offering, deleted: OfferingFact) -> None:
        """Take an offering away. Raises ChangedMeanwhile."""
        await self._repository.remove(unit, offering)
        unit.publish(as_event(deleted, self._new_id()))

    async def pass_time(self, unit: UnitOfWork, offering: Offering) -> None:
        """End an offering whose time is over, if no sweeper has done so yet."""
        await self.save(unit, offering, offering.pass_time(self._clock.now()))

    async def _make_room(self, unit: UnitOfWork, offering: Offering) -> None:
        """One that is active past its time holds no place among the active ones."""
        if offering.active_key is None:
            return
        holder = await self._repository.active(unit.connection, offering.active_key)
        if holder is not None and holder.id != offering.id:
            await self.pass_time(unit, holder)

    async def _search_text(self, unit: UnitOfWork, offering: Offering) -> str:
        skill = await self._skills.find(unit.connection, offering.skill)
        return offering.search_text(skill.names if skill else "")
