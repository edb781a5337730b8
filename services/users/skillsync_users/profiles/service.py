"""What people do with profiles: the use cases. Each opens one unit of work, which commits once."""

from collections.abc import Callable, Collection
from dataclasses import astuple

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.auth import Principal
from skillsync_kit.cache import Cache
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.etags import Precondition
from skillsync_kit.idempotency import Once, Reply
from skillsync_kit.pagination import Page
from skillsync_users.clients import UserDirectory
from skillsync_users.errors import EmailNotVerified, EmailUnusable, NotAMember
from skillsync_users.events import as_event
from skillsync_users.profiles.entities import Changes, Directory, Profile, PublicProfile
from skillsync_users.profiles.errors import ProfileNotFound
from skillsync_users.profiles.repository import ProfileRepository

__all__ = ["Profiles"]

# Short: a reader that was overtaken by a change may have put the old name back.
_KEEP_PROFILES_SECONDS = 60


class Profiles:
    """The use cases about people."""

    def __init__(
        self,
        *,
        database: Database,
        repository: ProfileRepository,
        directory: UserDirectory,
        cache: Cache,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._directory = directory
        self._cache = cache
        self._clock = clock
        self._new_id = new_id

    async def sign_up(self, by: Principal, changes: Changes, once: Once[Profile]) -> Reply:
        """Make the caller's own profile. Raises ProfileExists the second time, and EmailTaken."""
        try:
            # Asked for before the unit of work: no call inside one.
            email = await self._directory.verified_email(by)
        except (DependencyUnavailable, EmailNotVerified, EmailUnusable) as refusal:
            # A repeated request is answered from its record, whatever the user pool says by now.
            return await once.replay_or_raise(self._database, refusal)

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            if claim.is_repeated:
                return claim.replay()
            profile, created = Profile.sign_up(by.id, email, changes, self._clock.now())
            await self._repository.add(unit, profile)
            unit.publish(as_event(created, self._new_id()))
            return await once.answer(unit, profile)

        return await self._database.run(work)

    async def read(self, id: str) -> Profile:
        """One profile, whole; who may see how much of it is the caller's to decide. Raises ProfileNotFound."""
        async with self._database.read() as connection:
            return await self.known(connection, id)

    async def change(self, by: Principal, changes: Changes, precondition: Precondition) -> Profile:
        """Change the caller's own profile."""

        async def work(unit: UnitOfWork) -> Profile:
            profile = await self.known(unit.connection, by.id)
            precondition.require(profile.version)
            updated = profile.change(changes, self._clock.now())
            if updated is not None:
                await self._repository.save(unit, profile)
                unit.publish(as_event(updated, self._new_id()))
            return profile

        profile = await self._database.run(work)
        await self.forget_name(by.id)
        return profile

    async def forget_name(self, id: str) -> None:
        """Let a member's cached name go, after what it was read from has changed."""
        await self._cache.delete(_key(id))

    async def named(self, ids: Collection[str]) -> list[PublicProfile]:
        """Those of `ids` that are active members, each once, by id; the others are simply not there."""
        cached = await self._cache.get_many((_key(id) for id in sorted(set(ids))), tuple[str, str, str, str, str])
        found = {value[0]: PublicProfile(*value) for key, value in cached.items() if key == _key(value[0])}
        missing = set(ids) - found.keys()
        if missing:
            async with self._database.read() as connection:
                fresh = await self._repository.active(connection, missing)
            await self._cache.set_many({_key(p.id): astuple(p) for p in fresh}, seconds=_KEEP_PROFILES_SECONDS)
            found |= {profile.id: profile for profile in fresh}
        return [found[id] for id in sorted(found)]

    async def page(self, wanted: Directory, after: tuple[str, ...] | None, limit: int) -> Page[PublicProfile]:
        """A page of the directory of members."""
        before_id, now = after[0] if after else None, self._clock.now()
        async with self._database.read() as connection:
            found = await self._repository.directory(connection, wanted, now=now, before_id=before_id, limit=limit + 1)
        return Page.of(found, limit, lambda profile: (profile.id,))

    async def require_active(self, connection: AsyncConnection, by: Principal) -> Profile:
        """The caller's profile, for a use case that acts. Raises NotAMember."""
        profile = await self._repository.find(connection, by.id)
        if profile is None:
            raise NotAMember("Make your profile first: POST /v1/users.")
        profile.require_active()
        return profile

    async def known(self, connection: AsyncConnection, id: str) -> Profile:
        """The profile of that id, for a use case of another feature. Raises ProfileNotFound."""
        profile = await self._repository.find(connection, id)
        if profile is None:
            raise ProfileNotFound()
        return profile


def _key(id: str) -> str:
    return f"profile:{id}"
