"""A replay: a read model built anew from what its producers exported, beside live traffic; compared, and taken over.

Everything that live has handled since the replay was opened is in the rebuilt model too (`inbox`), and everything it
handled before was committed by its producers before, so the export has it. Hence no moment has to be agreed on at which
the export ends: what commits behind its cursor is consumed afterwards.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic_core import to_json

from skillsync_kit.clock import Clock, monotonic_seconds
from skillsync_kit.comparison import Comparison, compare_models
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.failpoints import failpoint
from skillsync_kit.jobs import JobFailed
from skillsync_kit.rebuild import Rebuild
from skillsync_kit.replays import Cursor, OpenReplay
from skillsync_kit.telemetry import log

__all__ = ["Producer", "Replay", "Result"]

# One page of the export is one transaction.
_PAGE = 100
_PAUSES_SECONDS = (1, 2, 5, 10, 10, 10, 10, 10)
_SETTLE_SECONDS = 5.0
_SETTLE_POLL_SECONDS = 0.2


class Producer(Protocol):
    """A service whose events are exported under /internal/events."""

    async def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Any:
        """The JSON at `path`, None when there is none. Raises DependencyUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What the comparison found; `only_rebuilt` events are on their way or lost, `only_live` no producer exports."""

    comparison: Comparison
    only_rebuilt: int
    only_live: int
    is_applied: bool


class Replay:
    """One replay; `begin` it, `feed` it from each producer, `finish` it. Each step may be begun again after a kill."""

    def __init__(self, database: Database, rebuild: Rebuild, clock: Clock) -> None:
        self._database = database
        self._rebuild = rebuild
        self._clock = clock
        self._open: OpenReplay | None = None

    async def begin(self, since: datetime | None, until: datetime | None, *, afresh: bool) -> None:
        """Open the replay, or go on with the one that is open. Raises JobFailed when that is over another window."""
        wanted = OpenReplay(self._clock.now(), "window" if since or until else "full", since, until)

        async def work(unit: UnitOfWork) -> OpenReplay:
            found = await self._rebuild.replays.exclusive(unit)
            if found is not None and not afresh:
                return found
            await self._rebuild.empty(unit)
            if wanted.base == "window":
                await self._rebuild.copy_live(unit)
            await self._rebuild.replays.open(unit, wanted)
            return wanted

        opened = await self._database.run(work)
        if (opened.since, opened.until) != (since, until):
            raise JobFailed(
                f"A replay of {_window(opened)} is open since {opened.started_at.isoformat()}: go on with that one, or "
                "say --discard or --afresh."
            )
        self._open = opened
        log.info(
            "replay opened",
            consumer=self._rebuild.consumer,
            base=opened.base,
            since=_iso(opened.since),
            until=_iso(opened.until),
            started_at=_iso(opened.started_at),
            is_resumed=opened is not wanted,
        )

    async def feed(self, name: str, producer: Producer) -> None:
        """Give every exported event that has a handler its effect on the rebuilt model. Raises JobFailed."""
        cursor = await self._database.run(lambda unit: self._rebuild.replays.cursor(unit, name))
        first = await self._page(name, producer, Cursor(), limit=1)
        while items := await self._page(name, producer, cursor):
            began = monotonic_seconds()
            cursor = await self._database.run(
                lambda unit, cursor=cursor, items=items: self._apply(unit, name, cursor, items)  # type: ignore[misc]
            )
            failpoint("after-page")
            self._tell(name, cursor, (first or items)[0]["time"], items[-1]["time"])
            # Half of the time belongs to live traffic: SQLite lets one writer in, and does so in no order.
            await asyncio.sleep(monotonic_seconds() - began)
        log.info("replay progress", producer=name, read=cursor.read, applied=cursor.applied, share=1.0)

    async def finish(self, *, apply: bool) -> Result:
        """Compare the rebuilt model with the live one; with `apply`, let it take its place at that same moment.

        The replay is over then, as it is when both are equal. Raises JobFailed when somebody else has ended it before.
        """
        await self._settle()

        async def work(unit: UnitOfWork) -> Result:
            self._require_open(await self._rebuild.replays.exclusive(unit))
            comparison = await compare_models(unit.connection, self._rebuild.models)
            only_rebuilt = (await unit.connection.execute(self._rebuild.only_rebuilt())).scalar_one()
            only_live = (await unit.connection.execute(self._rebuild.only_live())).scalar_one()
            if apply:
                await self._rebuild.take_over(unit)
            if apply or comparison.is_equal:
                await self._end(unit)
            return Result(comparison, only_rebuilt, only_live, apply)

        return await self._database.run(work)

    async def discard(self) -> bool:
        """End the open replay and forget what it built; False when none was open."""

        async def work(unit: UnitOfWork) -> bool:
            found = await self._rebuild.replays.exclusive(unit)
            await self._end(unit)
            return found is not None

        return await self._database.run(work)

    async def _end(self, unit: UnitOfWork) -> None:
        await self._rebuild.empty(unit)
        await self._rebuild.replays.close(unit)

    async def _apply(self, unit: UnitOfWork, name: str, cursor: Cursor, items: Sequence[Mapping[str, Any]]) -> Cursor:
        self._require_open(await self._rebuild.replays.shared(unit))
        applied = 0
        for item in items:
            if item["type"] in self._rebuild.handlers:
                applied += await self._apply_one(unit, Event.from_json(to_json(item)))
        moved = Cursor(items[-1]["id"], cursor.read + len(items), cursor.applied + applied)
        if not await self._rebuild.replays.advance(unit, name, cursor, moved):
            raise JobFailed(f"Another replay of {self._rebuild.consumer} is running.")
        failpoint("before-page-commit")
        return moved

    async def _apply_one(self, unit: UnitOfWork, event: Event) -> bool:
        try:
            return await self._rebuild.receive(unit, event)
        except UnreadableEvent as unreadable:
            # The live consumer gave it up as well, and did not record its id: it lies in the dead-letter queue.
            await self._rebuild.forget(unit, event)
            log.warning("event cannot be replayed", event_id=event.id, type=event.type, reason=str(unreadable))
            return False

    async def _page(self, name: str, producer: Producer, cursor: Cursor, limit: int = _PAGE) -> list[dict[str, Any]]:
        replay = self._require_open(self._open)
        window = {"after": cursor.last_id, "from": _iso(replay.since), "to": _iso(replay.until)}
        query = [("limit", str(limit)), *((key, value) for key, value in window.items() if value is not None)]
        for pause in (*_PAUSES_SECONDS, None):
            try:
                page = await producer.get("/internal/events", query)
            except DependencyUnavailable as away:
                log.warning("replay waits", producer=name, reason=str(away))
                if pause is None:
                    raise JobFailed(f"{away} What is done is kept: run it again.") from away
                await asyncio.sleep(pause)
            else:
                if page is None:
                    raise JobFailed(f"{name} exports no events to this worker: is it of this release, with the scope?")
                items: list[dict[str, Any]] = page["items"]
                return items
        raise AssertionError("the last pause is none")

    async def _settle(self) -> None:
        """Wait for what is on its way to the live model, as long as it becomes less."""
        least, since = await self._count_only_rebuilt(), monotonic_seconds()
        while least and monotonic_seconds() - since < _SETTLE_SECONDS:
            await asyncio.sleep(_SETTLE_POLL_SECONDS)
            if (now := await self._count_only_rebuilt()) < least:
                least, since = now, monotonic_seconds()

    async def _count_only_rebuilt(self) -> int:
        async with self._database.read() as connection:
            return (await connection.execute(self._rebuild.only_rebuilt())).scalar_one()

    def _require_open(self, found: OpenReplay | None) -> OpenReplay:
        if found is None or self._open is None or found.started_at != self._open.started_at:
            raise JobFailed("This replay was ended, or begun afresh, by somebody else.")
        return found

    def _tell(self, name: str, cursor: Cursor, first: str, last: str) -> None:
        beginning, reached = datetime.fromisoformat(first), datetime.fromisoformat(last)
        end = self._open.until if self._open and self._open.until else self._clock.now()
        whole = (end - beginning).total_seconds()
        share = min(1.0, max(0.0, (reached - beginning).total_seconds() / whole)) if whole > 0 else 1.0
        log.info("replay progress", producer=name, read=cursor.read, applied=cursor.applied, share=round(share, 4))


def _window(replay: OpenReplay) -> str:
    if replay.base == "full":
        return "everything"
    return f"the window from {_iso(replay.since) or 'the beginning'} to {_iso(replay.until) or 'now'}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
