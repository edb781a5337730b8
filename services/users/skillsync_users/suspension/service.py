"""What coordinators do: the use cases. Each opens one unit of work, which commits once."""

from collections.abc import Callable

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.etags import Precondition
from skillsync_kit.idempotency import Once, Reply
from skillsync_users.events import as_event
from skillsync_users.profiles.entities import Profile
from skillsync_users.profiles.events import UserFact
from skillsync_users.profiles.repository import ProfileRepository
from skillsync_users.profiles.service import Profiles

__all__ = ["Suspensions"]

Verb = Callable[[Profile], UserFact | None]


class Suspensions:
    """The use cases of coordinators. The route sees to it that the caller is one; here, that they may act."""

    def __init__(
        self,
        *,
        database: Database,
        repository: ProfileRepository,
        profiles: Profiles,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._profiles = profiles
        self._clock = clock
        self._new_id = new_id

    async def suspend(
        self, by: Principal, id: str, reason: str, once: Once[Profile], precondition: Precondition
    ) -> Reply:
        """Take a member's right to act away. Raises NotYourself, WrongStatus, NotAMember."""
        return await self._decide(
            by, id, once, precondition, lambda member: member.suspend(by.id, reason, self._clock.now())
        )

    async def reinstate(self, by: Principal, id: str, once: Once[Profile], precondition: Precondition) -> Reply:
        """Give it back. Raises NotYourself, WrongStatus, NotAMember."""
        return await self._decide(by, id, once, precondition, lambda member: member.reinstate(by.id, self._clock.now()))

    async def _decide(
        self, by: Principal, id: str, once: Once[Profile], precondition: Precondition, verb: Verb
    ) -> Reply:
        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            member = await self._profiles.known(unit.connection, id)
            if claim.is_repeated:
                return claim.replay()
            precondition.check(member.version)
            await self._profiles.require_active(unit.connection, by)
            fact = verb(member)
            if fact is not None:
                await self._repository.save(unit, member)
                unit.publish(as_event(fact, self._new_id()))
            return await once.answer(unit, member)

        reply = await self._database.run(work)
        await self._profiles.forget_name(id)
        return reply
