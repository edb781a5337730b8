"""Leaving: what people ask for, and the loop that does it. Each use case opens one unit of work, which commits once."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from skillsync_kit import metrics
from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.erasures import Erasures
from skillsync_kit.errors import Unavailable
from skillsync_kit.etags import Precondition
from skillsync_kit.idempotency import Idempotency, Once, Reply
from skillsync_kit.telemetry import flow, log
from skillsync_kit.waiting import pause
from skillsync_users.clients import UserAccounts
from skillsync_users.erasure.clients import ErasingServices
from skillsync_users.erasure.entities import SERVICES, Planned, Progress
from skillsync_users.erasure.repository import ErasureRepository
from skillsync_users.events import as_event
from skillsync_users.offerings.entities import MOST_OFFERINGS
from skillsync_users.offerings.repository import OfferingRepository
from skillsync_users.profiles.entities import Profile
from skillsync_users.profiles.repository import ProfileRepository
from skillsync_users.profiles.service import Profiles
from skillsync_users.proposals.repository import ProposalRepository

__all__ = ["Eraser", "Leaving", "Shelves"]

_PAUSE_SECONDS = 5
_PEOPLE_AT_ONCE = 20
_OPEN_AT_ONCE = 100
_OVERDUE_AFTER = timedelta(hours=1)


class Forgetting(Protocol):
    """Lets go of what a feature above this one keeps of a person."""

    async def forget_person(self, unit: UnitOfWork, user: str) -> None:
        """Take it away, in the unit that erases the person."""
        ...


class Shelves:
    """Where this service keeps what it knows of people."""

    def __init__(
        self,
        *,
        profiles: ProfileRepository,
        offerings: OfferingRepository,
        proposals: ProposalRepository,
        exports: Forgetting,
        erasures: Erasures,
        progress: ErasureRepository,
        idempotency: Idempotency,
    ) -> None:
        self.profiles = profiles
        self.offerings = offerings
        self.proposals = proposals
        self.exports = exports
        self.erasures = erasures
        self.progress = progress
        self.idempotency = idempotency


class Leaving:
    """The use cases of people who go, suspended ones too, and of the operators who watch it."""

    def __init__(self, *, database: Database, shelves: Shelves, profiles: Profiles, clock: Clock, days: int) -> None:
        self._database = database
        self._shelves = shelves
        self._profiles = profiles
        self._clock = clock
        self._days = days

    async def ask(self, by: Principal, precondition: Precondition) -> Profile:
        """Let the caller be erased when the days are over. Asked again, nothing changes, whatever version is named."""

        async def work(unit: UnitOfWork) -> Profile:
            profile = await self._profiles.known(unit.connection, by.id)
            if profile.erasure_due_at is None:
                precondition.require(profile.version)
            if profile.ask_for_erasure(self._clock.now(), self._days):
                await self._shelves.profiles.save(unit, profile)
            return profile

        return await self._database.run(work)

    async def stay(self, by: Principal, once: Once[Profile], precondition: Precondition) -> Reply:
        """Take the wish back. Raises ErasureUnderWay."""

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            profile = await self._profiles.known(unit.connection, by.id)
            if claim.is_repeated:
                return claim.replay()
            precondition.check(profile.version)
            if profile.keep(self._clock.now()):
                await self._shelves.profiles.save(unit, profile)
            return await once.answer(unit, profile)

        return await self._database.run(work)

    async def open(self) -> Sequence[Progress]:
        """The erasures that somebody has not done their part of, the oldest first; at most a hundred."""
        found = await self._shelves.erasures.open(_OPEN_AT_ONCE)
        if not found:
            return []
        async with self._database.read() as connection:
            done = await self._shelves.progress.acknowledged(connection, [erasure.user_id for erasure in found])
        return [Progress(erasure.user_id, erasure.erased_at, done[erasure.user_id]) for erasure in found]

    async def planned(self) -> Sequence[Planned]:
        """The erasures that are still to come, the first due first; at most a hundred."""
        async with self._database.read() as connection:
            return await self._shelves.progress.planned(connection, limit=_OPEN_AT_ONCE)


class Eraser:
    """Erases who is due, deletes their accounts, and asks the other services until all have done their part."""

    def __init__(
        self,
        *,
        database: Database,
        shelves: Shelves,
        leaving: Leaving,
        profiles: Profiles,
        accounts: UserAccounts,
        services: ErasingServices,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._shelves = shelves
        self._leaving = leaving
        self._profiles = profiles
        self._accounts = accounts
        self._services = services
        self._clock = clock
        self._new_id = new_id

    async def run(self, stopping: asyncio.Event) -> None:
        """Take turns until told to stop."""
        while not stopping.is_set():
            try:
                await self.turn()
            except Exception as mistake:
                # One bad turn must not end the loop; what it left undone is still due.
                log.error("erasing failed", error=type(mistake).__name__, exc_info=mistake)
            await pause(stopping, _PAUSE_SECONDS)

    async def turn(self) -> None:
        """Erase at most twenty people, each in a unit of their own; then see to the parts of the others."""
        async with self._database.read() as connection:
            due = await self._shelves.progress.due(connection, self._clock.now(), limit=_PEOPLE_AT_ONCE)
        for user in due:
            try:
                cause = self._new_id()
                with flow("erase", parent=None, correlation_id=cause, causation_id=cause):
                    await self._erase(user)
            except Exception as mistake:
                log.error("cannot erase a person who is due", user=user, error=type(mistake).__name__)
        for progress in await self._leaving.open():
            await self._follow(progress)

    async def _erase(self, user: str) -> None:
        async def work(unit: UnitOfWork) -> None:
            now = self._clock.now()
            profile = await self._shelves.profiles.find(unit.connection, user)
            erased = profile.erase(now) if profile else None
            if profile is None or erased is None:
                # Another process was first, or the person has changed their mind.
                return
            for offering in await self._shelves.offerings.of_owner(unit.connection, user, limit=MOST_OFFERINGS):
                gone = offering.delete(user, now)
                await self._shelves.offerings.remove(unit, offering)
                unit.publish(as_event(gone, self._new_id()))
            await self._shelves.proposals.forget_author(unit, user)
            await self._shelves.exports.forget_person(unit, user)
            await self._shelves.profiles.save(unit, profile)
            await self._shelves.idempotency.forget_person(unit, user)
            await self._shelves.erasures.record(unit, user, done=False)
            await self._shelves.progress.acknowledge(unit, user, "users", now)
            unit.publish(as_event(erased, self._new_id()))

        await self._database.run(work)
        await self._profiles.forget_name(user)

    async def _follow(self, progress: Progress) -> None:
        user, missing = progress.user_id, set(progress.missing)
        for part in progress.missing:
            try:
                if await self._is_done(part, user):
                    await self._note(user, part)
                    missing.discard(part)
            except Unavailable as away:
                log.warning("an erasure waits", user=user, part=part, reason=away.detail)
        if not missing:
            await self._database.run(lambda unit: self._shelves.erasures.finish(unit, user))
            log.info("a person is erased everywhere", user=user)
        elif self._clock.now() - progress.erased_at > _OVERDUE_AFTER:
            log.warning("an erasure is overdue", user=user, missing=sorted(missing))
            metrics.count("erasures-overdue")

    async def _is_done(self, part: str, user: str) -> bool:
        if part in SERVICES:
            return await self._services.has_erased(part, user)
        await self._accounts.delete(user)
        return True

    async def _note(self, user: str, part: str) -> None:
        async def work(unit: UnitOfWork) -> None:
            await self._shelves.progress.acknowledge(unit, user, part, self._clock.now())

        await self._database.run(work)
