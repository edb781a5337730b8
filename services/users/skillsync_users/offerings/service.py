"""What members do with offerings: the use cases. Each opens one unit of work, which commits once."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.etags import Precondition
from skillsync_kit.idempotency import Once, Reply
from skillsync_kit.pagination import Page
from skillsync_users.events import as_event
from skillsync_users.offerings.entities import MOST_OFFERINGS, Changes, NewOffering, Offering
from skillsync_users.offerings.errors import OfferingNotFound, TooManyOfferings, UnknownSkill
from skillsync_users.offerings.repository import OfferingRepository
from skillsync_users.profiles.service import Profiles
from skillsync_users.skills.entities import Catalogue

__all__ = ["Offerings"]


class Offerings:
    """The use cases about offerings."""

    def __init__(
        self,
        *,
        database: Database,
        repository: OfferingRepository,
        profiles: Profiles,
        catalogue: Catalogue,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._profiles = profiles
        self._catalogue = catalogue
        self._clock = clock
        self._new_id = new_id

    async def publish(self, by: Principal, new: NewOffering, once: Once[Offering]) -> Reply:
        """Offer or want something new. Raises UnknownSkill, NotAMember, OfferingExists or TooManyOfferings."""

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            if claim.is_repeated:
                return claim.replay()
            if self._catalogue.find(new.skill) is None:
                raise UnknownSkill.named()
            owner = await self._profiles.require_active(unit.connection, by)
            if await self._repository.count(unit.connection, by.id) >= MOST_OFFERINGS:
                raise TooManyOfferings(f"Delete one first: at most {MOST_OFFERINGS} are kept.")
            offering, published = Offering.publish(self._new_id(), by.id, owner.display_name, new, self._clock.now())
            await self._repository.add(unit, offering, self._search_text(offering))
            unit.publish(as_event(published, self._new_id()))
            return await once.answer(unit, offering)

        return await self._database.run(work)

    async def read(self, by: Principal, id: str) -> Offering:
        """One offering. Raises OfferingNotFound."""
        async with self._database.read() as connection:
            return await self._visible(connection, id, by)

    async def page(
        self,
        by: Principal,
        *,
        owner: str | None,
        kind: str | None,
        skill: str | None,
        q: str | None,
        after: tuple[str, ...] | None,
        limit: int,
    ) -> Page[Offering]:
        """A page of the offerings there are, the newest first."""
        before_id = after[0] if after else None
        async with self._database.read() as connection:
            found = await self._repository.page(
                connection, by.id, owner=owner, kind=kind, skill=skill, q=q, before_id=before_id, limit=limit + 1
            )
        return Page.of(found, limit, lambda offering: (offering.id,))

    async def change(self, by: Principal, id: str, changes: Changes, precondition: Precondition) -> Offering:
        """Change an offering of the caller's; pause or resume it."""

        async def work(unit: UnitOfWork) -> Offering:
            offering = await self._visible(unit.connection, id, by)
            precondition.require(offering.version)
            fact = offering.change(by.id, changes, self._clock.now())
            await self._profiles.require_active(unit.connection, by)
            if fact is not None:
                await self._repository.save(unit, offering, self._search_text(offering))
                unit.publish(as_event(fact, self._new_id()))
            return offering

        return await self._database.run(work)

    async def delete(self, by: Principal, id: str, precondition: Precondition) -> None:
        """Take an offering of the caller's away for good."""

        async def work(unit: UnitOfWork) -> None:
            offering = await self._visible(unit.connection, id, by)
            precondition.require(offering.version)
            fact = offering.delete(by.id, self._clock.now())
            await self._profiles.require_active(unit.connection, by)
            await self._repository.remove(unit, offering)
            unit.publish(as_event(fact, self._new_id()))

        await self._database.run(work)

    async def _visible(self, connection: AsyncConnection, id: str, by: Principal) -> Offering:
        offering = await self._repository.find(connection, id, by.id)
        if offering is None:
            raise OfferingNotFound()
        return offering

    def _search_text(self, offering: Offering) -> str:
        skill = self._catalogue.find(offering.skill)
        return offering.search_text(skill.name if skill else "")
