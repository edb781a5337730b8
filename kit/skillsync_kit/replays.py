"""Which read models are being built anew: one row for each consumer, and the gate between live traffic and a replay.

A consumer's transaction passes the gate by a shared lock on its row, before anything else; whoever opens, compares or
ends a replay locks the row for itself. So no transaction of the consumer is half before such a moment and half after.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, delete, insert, select, update

from skillsync_kit.database import ID, UnitOfWork, UtcDateTime, key_text

__all__ = [
    "Cursor",
    "OpenReplay",
    "Replays",
    "create_replay_tables_v1",
    "rebuilt_table",
    "replay_cursors_table",
    "replays_table",
]


def replays_table(metadata: MetaData) -> Table:
    """The table `replays`: one permanent row, which the migration makes; `started_at` is null while none is open."""
    return Table("replays", metadata, *_replays_v1())


def replay_cursors_table(metadata: MetaData) -> Table:
    """The table `replay_cursors`: how far the open replay has come with each producer.

    Rows of their own: to note progress in `replays` would close the gate to live traffic at each batch.
    """
    return Table("replay_cursors", metadata, *_replay_cursors_v1())


def rebuilt_table(live: Table) -> Table:
    """The table in which `live` is built anew: the same columns and primary key, without the indexes for reading."""
    columns = [Column(c.name, c.type, primary_key=c.primary_key, nullable=c.nullable) for c in live.columns]
    return Table(f"{live.name}_rebuilt", live.metadata, *columns)


def create_replay_tables_v1(op: Any, consumer: str) -> None:
    """For a migration: make both tables as they were in the first release, and the consumer's row. A fixed copy."""
    replays = op.create_table("replays", *_replays_v1(), mysql_charset="utf8mb4")
    op.create_table("replay_cursors", *_replay_cursors_v1(), mysql_charset="utf8mb4")
    op.bulk_insert(replays, [{"consumer": consumer}])


def _replays_v1() -> list[Column[Any]]:
    return [
        Column("consumer", key_text(64), primary_key=True),
        Column("started_at", UtcDateTime),
        Column("base", key_text(8)),
        Column("window_from", UtcDateTime),
        Column("window_to", UtcDateTime),
    ]


def _replay_cursors_v1() -> list[Column[Any]]:
    return [
        Column("consumer", key_text(64), primary_key=True),
        Column("producer", key_text(64), primary_key=True),
        Column("last_id", ID),
        Column("events_read", Integer, nullable=False),
        Column("events_applied", Integer, nullable=False),
    ]


@dataclass(frozen=True, slots=True)
class OpenReplay:
    """A replay from nothing (`base` full), or of a window onto a copy of the live model (`base` window)."""

    started_at: datetime
    base: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a replay is with one producer: the last event's id, how many were read, how many had an effect."""

    last_id: str | None = None
    read: int = 0
    applied: int = 0


class Replays:
    """The replay of one consumer, if one is open."""

    def __init__(self, table: Table, cursors: Table, consumer: str) -> None:
        self._table = table
        self._cursors = cursors
        self._consumer = consumer

    async def shared(self, unit: UnitOfWork) -> OpenReplay | None:
        """The open replay. It is neither opened nor ended before this unit ends."""
        return await self._row(unit, read=True)

    async def exclusive(self, unit: UnitOfWork) -> OpenReplay | None:
        """The open replay, locked: no consumer is in a transaction, and none gets into one before this unit ends."""
        return await self._row(unit, read=False)

    async def open(self, unit: UnitOfWork, replay: OpenReplay) -> None:
        """Note that it is open; with the row locked by `exclusive`."""
        await self._forget_cursors(unit)
        await self._write(
            unit,
            started_at=replay.started_at,
            base=replay.base,
            window_from=replay.since,
            window_to=replay.until,
        )

    async def close(self, unit: UnitOfWork) -> None:
        """Note that none is open; with the row locked by `exclusive`."""
        await self._forget_cursors(unit)
        await self._write(unit, started_at=None, base=None, window_from=None, window_to=None)

    async def cursor(self, unit: UnitOfWork, producer: str) -> Cursor:
        """How far it is with a producer; made when there is none yet."""
        row = self._cursors.c
        found = select(row.last_id, row.events_read, row.events_applied).where(*self._of(producer))
        kept = (await unit.connection.execute(found)).one_or_none()
        if kept is not None:
            return Cursor(*kept)
        values = {"consumer": self._consumer, "producer": producer, "events_read": 0, "events_applied": 0}
        await unit.connection.execute(insert(self._cursors), values)
        return Cursor()

    async def advance(self, unit: UnitOfWork, producer: str, old: Cursor, new: Cursor) -> bool:
        """Move a cursor; False when it is no longer where `old` says, because somebody else moved it."""
        moved = (
            update(self._cursors)
            .where(*self._of(producer), self._cursors.c.last_id.is_not_distinct_from(old.last_id))
            .values(last_id=new.last_id, events_read=new.read, events_applied=new.applied)
        )
        return bool((await unit.connection.execute(moved)).rowcount)

    async def _row(self, unit: UnitOfWork, *, read: bool) -> OpenReplay | None:
        row = self._table.c
        found = select(row.started_at, row.base, row.window_from, row.window_to).where(row.consumer == self._consumer)
        # The row must be there: where there is none, nothing would be locked.
        values = (await unit.connection.execute(found.with_for_update(read=read))).one()
        return OpenReplay(*values) if values.started_at is not None else None

    async def _write(self, unit: UnitOfWork, **values: Any) -> None:
        await unit.connection.execute(
            update(self._table).where(self._table.c.consumer == self._consumer).values(**values)
        )

    async def _forget_cursors(self, unit: UnitOfWork) -> None:
        await unit.connection.execute(delete(self._cursors).where(self._cursors.c.consumer == self._consumer))

    def _of(self, producer: str) -> tuple[Any, Any]:
        return self._cursors.c.consumer == self._consumer, self._cursors.c.producer == producer
