"""What people do with exports: the use cases. Each opens one unit of work, which commits once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.idempotency import Once, Reply
from skillsync_users.exports.entities import MOST_KEPT, Export, ExportState
from skillsync_users.exports.errors import ExportNotFound, ExportNotReady, TooManyExports
from skillsync_users.exports.repository import ExportRepository
from skillsync_users.profiles.service import Profiles

__all__ = ["PersonalExports", "ReadyFile"]

_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """An export with its file, a ZIP."""

    export: Export
    content: bytes


class PersonalExports:
    """The use cases of people who want to know what is kept about them, suspended ones too."""

    def __init__(
        self,
        *,
        database: Database,
        repository: ExportRepository,
        profiles: Profiles,
        clock: Clock,
        real_clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._repository = repository
        self._profiles = profiles
        self._clock = clock
        self._real_clock = real_clock
        self._new_id = new_id

    async def ask(self, by: Principal, once: Once[Export]) -> Reply:
        """Let one be made for the caller. Raises ProfileNotFound, ExportUnderWay or TooManyExports."""

        async def work(unit: UnitOfWork) -> Reply:
            claim = await once.claim(unit)
            await self._profiles.known(unit.connection, by.id)
            if claim.is_repeated:
                return claim.replay()
            export = Export(self._new_id(), by.id, self._clock.now(), self._real_clock.now())
            await self._repository.add(unit, export)
            if await self._repository.count_kept(unit.connection, by.id) > MOST_KEPT:
                raise TooManyExports(
                    f"Fetch one of those that are ready: at most {MOST_KEPT} are kept, each for 7 days."
                )
            return await once.answer(unit, export)

        return await self._database.run(work)

    async def all(self, by: Principal) -> Sequence[Export]:
        """The caller's, the newest first, at most fifty."""
        async with self._database.read() as connection:
            found = await self._repository.of_user(connection, by.id, limit=_MOST_SHOWN)
        return [export for export in found if export.pass_time(self._clock.now())]

    async def read(self, by: Principal, id: str) -> Export:
        """One of the caller's. Raises ExportNotFound."""
        async with self._database.read() as connection:
            return await self._own(connection, by, id)

    async def file(self, by: Principal, id: str) -> ReadyFile:
        """One of the caller's with its file. Raises ExportNotFound, or ExportNotReady when it has none."""
        async with self._database.read() as connection:
            export = await self._own(connection, by, id)
            is_ready = export.state is ExportState.READY
            content = await self._repository.file(connection, id) if is_ready else None
        if content is None:
            raise ExportNotReady(f"It is {export.state.value}.")
        return ReadyFile(export, content)

    async def _own(self, connection: AsyncConnection, by: Principal, id: str) -> Export:
        export = await self._repository.find(connection, id, by.id)
        # Whoever reads one reads the clock too: it is as it should be before the exporter has looked at it.
        if export is None or not export.pass_time(self._clock.now()):
            raise ExportNotFound()
        return export
