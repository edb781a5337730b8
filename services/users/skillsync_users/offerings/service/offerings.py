"""What members do with offerings: the use cases. Each opens one unit of work, which commits once."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.etags import Precondition
from skillsync_kit.idempotency import Once, Reply
from skillsync_kit.pagination import Page
from skillsync_users.offerings.entities import MOST_OFFERINGS, Changes, Filters, NewOffering, Offering
from skillsync_users.offerings.errors import OfferingNotFound, TooManyOfferings, UnknownSkill
from skillsync_users.offerings.repository import OfferingRepository
from skillsync_users.offerings.service.record import Record
from skillsync_users.profiles.service import Profiles
from skillsync_users.skills.service import Skills

__all__ = ["Offerings"]


class Offerings:
    """The use cases about offerings."""

    def __init__(
        self,
        *,
        database: Database,
        repository: OfferingRepository,
        record: Record,
        profiles: Profiles,
        skills: Skills,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._record = record
        self._profiles = profiles
        self._skills = skills
        self._clock = clock
        self._new_id = new_id

    async def publish(self, by: Principal, new: NewOffering, once: Once[Offering]) -> Reply:
        """Offer or want something new.

        Raises UnknownSkill, NotAMember, ExpiryOutOfRange, OfferingExists or TooManyOfferings.
        """

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            if claim.is_repeated:
                return claim.replay()
            if await self._skills.find(unit.connection, new.skill) is None:
                raise UnknownSkill.named()
            owner = await self._profiles.require_active(unit.connection, by)
            now = self._clock.now()
            offering, published = Offering.publish(self._new_id(), by.id, owner.display_name, new, now)
            if await self._repository.count(unit.connection, by.id) >= MOST_OFFERINGS:
                raise TooManyOfferings(f"Delete one first: at most {MOST_OFFERINGS} are kept.")
            await self._record.add(unit, offering, published)
            return await once.answer(unit, offering)

        return await self._database.run(work)

    async def read(self, by: Principal, id: str) -> Offering:
        """One offering. Raises OfferingNotFound."""
        async with self._database.read() as connection:
            return self._at_this_moment(await self._visible(connection, id, by))

    async def read_any(self, id: str) -> Offering:
        """One offering, whoever it is of; for a worker. Raises OfferingNotFound."""
        async with self._database.read() as connection:
            offering = await self._repository.find_any(connection, id)
        if offering is None:
            raise OfferingNotFound()
        return self._at_this_moment(offering)

    async def skill_name(self, offering: Offering) -> str:
        """The name of its skill; the slug when the catalogue has it no longer."""
        async with self._database.read() as connection:
            skill = await self._skills.find(connection, offering.skill)
        return skill.name if skill else offering.skill

    async def page(self, by: Principal, filters: Filters, after: tuple[str, ...] | None, limit: int) -> Page[Offering]:
        """A page of the offerings there are, the newest first."""
        before_id = after[0] if after else None
        async with self._database.read() as connection:
            found = await self._repository.page(
                connection, by.id, filters, now=self._clock.now(), before_id=before_id, limit=limit + 1
            )
        return Page.of([self._at_this_moment(it) for it in found], limit, lambda offering: (offering.id,))

    async def change(self, by: Principal, id: str, changes: Changes, precondition: Precondition) -> Offering:
        """Change an offering of the caller's; pause, resume or fulfil it."""

        async def work(unit: UnitOfWork) -> Offering:
            offering = await self._present(unit, id, by)
            precondition.require(offering.version)
            fact = offering.change(by.id, changes, self._clock.now())
            await self._profiles.require_active(unit.connection, by)
            await self._record.save(unit, offering, fact)
            return offering

        return await self._database.run(work)

    async def renew(self, by: Principal, id: str, precondition: Precondition, once: Once[Offering]) -> Reply:
        """Make an offering of the caller's active for another 180 days, whatever became of it."""

        async def act(unit: UnitOfWork) -> Offering:
            offering = await self._present(unit, id, by)
            precondition.check(offering.version)
            fact = offering.renew(by.id, self._clock.now())
            await self._profiles.require_active(unit.connection, by)
            await self._record.save(unit, offering, fact)
            return offering

        return await self._once(act, once)

    async def delete(self, by: Principal, id: str, precondition: Precondition) -> None:
        """Take an offering of the caller's away for good."""

        async def work(unit: UnitOfWork) -> None:
            offering = await self._present(unit, id, by)
            precondition.require(offering.version)
            fact = offering.delete(by.id, self._clock.now())
            await self._profiles.require_active(unit.connection, by)
            await self._record.remove(unit, offering, fact)

        await self._database.run(work)

    async def _once(self, act: Callable[[UnitOfWork], Awaitable[Offering]], once: Once[Offering]) -> Reply:
        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            if claim.is_repeated:
                return claim.replay()
            return await once.answer(unit, await act(unit))

        return await self._database.run(work)

    async def _present(self, unit: UnitOfWork, id: str, by: Principal) -> Offering:
        """The offering as it is at this moment, and kept so if time has changed it."""
        offering = await self._visible(unit.connection, id, by)
        await self._record.pass_time(unit, offering)
        return offering

    async def _visible(self, connection: AsyncConnection, id: str, by: Principal) -> Offering:
        offering = await self._repository.find(connection, id, by.id, self._clock.now())
        if offering is None:
            raise OfferingNotFound()
        return offering

    def _at_this_moment(self, offering: Offering) -> Offering:
        offering.pass_time(self._clock.now())
        return offering
