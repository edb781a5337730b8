"""Makes the exports that people have asked for, one after the other, and lets them go when their time is over.

Any number may run: each takes one for itself for some minutes. Who ends in the middle leaves nothing behind but that
lease, and what came of an attempt counts only while no other one was begun.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from skillsync_kit import metrics
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import Unavailable
from skillsync_kit.telemetry import flow, log
from skillsync_kit.waiting import pause, unless
from skillsync_users.exports.clients import ExportingService
from skillsync_users.exports.entities import LEASE, Export, ExportProblem, ExportState
from skillsync_users.exports.repository import ExportRepository
from skillsync_users.exports.service.archive import Archive, TooMuch
from skillsync_users.profiles.repository import ProfileRepository

__all__ = ["Exporter"]

_PAUSE_SECONDS = 2
_ENDED_AT_ONCE = 100
_LONGEST_SECONDS = (LEASE - timedelta(minutes=1)).total_seconds()


@dataclass(frozen=True, slots=True)
class _Made:
    file: bytes
    content_bytes: int


class Exporter:
    """Asks every service for its pages, and keeps the ZIP of them."""

    def __init__(
        self,
        *,
        database: Database,
        repository: ExportRepository,
        profiles: ProfileRepository,
        services: Mapping[str, ExportingService],
        clock: Clock,
        real_clock: Clock,
    ) -> None:
        self._database = database
        self._repository = repository
        self._profiles = profiles
        self._services = services
        self._clock = clock
        self._real_clock = real_clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Take turns until told to stop; an export in hand is given back then."""
        while not stopping.is_set():
            found = False
            try:
                found = await self.turn(stopping)
            except Exception as mistake:
                # One bad turn must not end the loop; what it left undone is tried again when its lease is over.
                log.error("exporting failed", error=type(mistake).__name__)
            if not found:
                await pause(stopping, _PAUSE_SECONDS)

    async def turn(self, stopping: asyncio.Event) -> bool:
        """Let those go whose time is over; then make one, if one is due. Whether there was one."""
        await self._database.run(self._let_go)
        export = await self._database.run(self._take)
        if export is None:
            return False
        if export.state is ExportState.PENDING:
            with flow("export", parent=None, correlation_id=export.id, causation_id=None):
                await self._attempt(export, stopping)
        else:
            _tell(export)
        return True

    async def _let_go(self, unit: UnitOfWork) -> None:
        now, skip_locked = self._clock.now(), self._database.supports_skip_locked
        for export in await self._repository.ended(unit, now, limit=_ENDED_AT_ONCE, skip_locked=skip_locked):
            if export.pass_time(now):
                await self._repository.save(unit, export)
                await self._repository.remove_file(unit, export)
            else:
                await self._repository.remove(unit, export)

    async def _take(self, unit: UnitOfWork) -> Export | None:
        real_now, skip_locked = self._real_clock.now(), self._database.supports_skip_locked
        export = await self._repository.next_to_make(unit, real_now, skip_locked=skip_locked)
        if export is None:
            return None
        if await self._profiles.find(unit.connection, export.user) is None:
            # Asked for while the person was being erased.
            await self._repository.remove(unit, export)
            return None
        export.take(self._clock.now(), real_now)
        await self._repository.save(unit, export)
        return export

    async def _attempt(self, export: Export, stopping: asyncio.Event) -> None:
        attempt, made = export.attempts, None
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                made = await unless(stopping, self._make(export.user))
            if made is None:
                export.give_back(self._real_clock.now())
            else:
                export.finish(made.content_bytes, len(made.file), self._clock.now())
        except TooMuch:
            export.fail(ExportProblem.TOO_LARGE, self._clock.now())
        except (Unavailable, TimeoutError) as away:
            log.warning("an export waits", export=export.id, attempt=attempt, error=type(away).__name__)
            export.put_off(self._clock.now(), self._real_clock.now())
        if await self._keep(export, attempt, made.file if made else None):
            _tell(export)

    async def _make(self, user: str) -> _Made:
        archive = Archive()
        for name, service in self._services.items():
            cursor: str | None = None
            while True:
                page = await service.page(user, cursor)
                archive.add(name, page)
                cursor = page.next
                if cursor is None:
                    break
        return _Made(await asyncio.to_thread(archive.pack, self._clock.now()), archive.content_bytes)

    async def _keep(self, export: Export, attempt: int, file: bytes | None) -> bool:
        async def work(unit: UnitOfWork) -> bool:
            if not await self._repository.save_attempt(unit, export, attempt):
                return False
            if file is not None:
                await self._repository.add_file(unit, export, file)
            return True

        return await self._database.run(work)


def _tell(export: Export) -> None:
    if export.state is ExportState.READY:
        log.info("an export is ready", export=export.id, bytes=export.file_bytes)
    elif export.state is ExportState.FAILED:
        log.error("an export has failed", export=export.id, problem=export.problem)
        metrics.count("exports-failed")
