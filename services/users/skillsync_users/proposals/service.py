"""What members and coordinators do with proposals: the use cases. Each opens one unit of work, which commits once."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.auth import COORDINATOR, Principal, require_group
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.idempotency import Once, Reply
from skillsync_kit.pagination import Page
from skillsync_users.profiles.service import Profiles
from skillsync_users.proposals.entities import MOST_APPROVED, MOST_OPEN, Proposal, ProposalStatus
from skillsync_users.proposals.errors import (
    AlreadyProposed,
    CatalogueFull,
    ProposalNotFound,
    SkillExists,
    TooManyProposals,
    UnknownCategory,
)
from skillsync_users.proposals.repository import ProposalRepository
from skillsync_users.skills.service import Skills

__all__ = ["Proposals"]


class Proposals:
    """The use cases about proposed skills. Their author and coordinators see one, and nobody else."""

    def __init__(
        self,
        *,
        database: Database,
        repository: ProposalRepository,
        profiles: Profiles,
        skills: Skills,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._profiles = profiles
        self._skills = skills
        self._clock = clock
        self._new_id = new_id

    async def propose(self, by: Principal, category: str, name: str, once: Once[Proposal]) -> Reply:
        """Propose a skill.

        Raises UnknownCategory, UnusableName, NotAMember, SkillExists, AlreadyProposed or TooManyProposals.
        """

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            if claim.is_repeated:
                return claim.replay()
            if not self._skills.shipped.has_category(category):
                raise UnknownCategory.named()
            proposal = Proposal.propose(self._new_id(), by.id, category, name, self._clock.now())
            await self._profiles.require_active(unit.connection, by)
            await self._require_new(unit.connection, proposal.slug)
            if await self._repository.count(unit.connection, ProposalStatus.OPEN, by.id) >= MOST_OPEN:
                raise TooManyProposals(f"Wait until one is decided: at most {MOST_OPEN} may be open.")
            await self._repository.add(unit, proposal)
            return await once.answer(unit, proposal)

        return await self._database.run(work)

    async def read(self, by: Principal, id: str) -> Proposal:
        """One proposal. Raises ProposalNotFound."""
        async with self._database.read() as connection:
            return await self._visible(connection, id, by)

    async def page(
        self, by: Principal, status: ProposalStatus | None, *, after: tuple[str, ...] | None, limit: int
    ) -> Page[Proposal]:
        """A page of the caller's, or of everybody's for a coordinator; the newest first."""
        before_id = after[0] if after else None
        async with self._database.read() as connection:
            found = await self._repository.page(
                connection, author=_only(by), status=status, before_id=before_id, limit=limit + 1
            )
        return Page.of(found, limit, lambda proposal: (proposal.id,))

    async def decide(self, by: Principal, id: str, status: ProposalStatus, once: Once[Proposal]) -> Reply:
        """Approve a proposal, which makes it a skill, or decline it.

        Raises ProposalNotFound, NotACoordinator, NotAMember, ProposalDecided or CatalogueFull.
        """

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            proposal = await self._visible(unit.connection, id, by)
            require_group(by, COORDINATOR)
            if claim.is_repeated:
                return claim.replay()
            await self._profiles.require_active(unit.connection, by)
            if proposal.decide(status, by.id, self._clock.now()):
                if status is ProposalStatus.APPROVED:
                    await self._require_room(unit.connection)
                await self._repository.save_decision(unit, proposal)
            return await once.answer(unit, proposal)

        return await self._database.run(work)

    async def _visible(self, connection: AsyncConnection, id: str, by: Principal) -> Proposal:
        proposal = await self._repository.find(connection, id, _only(by))
        if proposal is None:
            raise ProposalNotFound()
        return proposal

    async def _require_new(self, connection: AsyncConnection, slug: str) -> None:
        if await self._skills.find(connection, slug) is not None:
            raise SkillExists(f"Use the skill '{slug}'.")
        if await self._repository.live(connection, slug) is not None:
            raise AlreadyProposed(AlreadyProposed.example)

    async def _require_room(self, connection: AsyncConnection) -> None:
        if await self._repository.count(connection, ProposalStatus.APPROVED) >= MOST_APPROVED:
            raise CatalogueFull(f"At most {MOST_APPROVED} skills are added.")


def _only(by: Principal) -> str | None:
    """Whose proposals a caller sees: their own, or anybody's."""
    return None if COORDINATOR in by.groups else by.id
