"""All SQL of exports."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import UnitOfWork
from skillsync_users import tables
from skillsync_users.exports.entities import Export, ExportProblem, ExportState
from skillsync_users.exports.errors import ExportUnderWay

__all__ = ["ExportRepository"]

_row, _file = tables.exports.c, tables.export_files.c
_KEPT = (ExportState.PENDING.value, ExportState.READY.value)
_of_export = [column for column in tables.exports.c if column.name != "open_key"]


class ExportRepository:
    """Keeps exports and their files."""

    async def add(self, unit: UnitOfWork, export: Export) -> None:
        """Keep a new one. Raises ExportUnderWay: the unique key decides, also between two at once."""
        try:
            await unit.connection.execute(insert(tables.exports), _columns(export))
        except IntegrityError:
            raise ExportUnderWay(ExportUnderWay.example) from None

    async def count_kept(self, connection: AsyncConnection, user: str) -> int:
        """How many of the user's are being made or have a file."""
        query = select(func.count()).where(_row.user_id == user, _row.state.in_(_KEPT))
        return (await connection.execute(query)).scalar_one()

    async def find(self, connection: AsyncConnection, id: str, user: str) -> Export | None:
        """The export; None when there is none or it is somebody else's."""
        query = select(*_of_export).where(_row.id == id, _row.user_id == user)
        row = (await connection.execute(query)).one_or_none()
        return _entity(row) if row else None

    async def file(self, connection: AsyncConnection, id: str) -> bytes | None:
        """The file of an export, if it has one."""
        content: bytes | None = await connection.scalar(select(_file.content).where(_file.export_id == id))
        return content

    async def of_user(self, connection: AsyncConnection, user: str, *, limit: int) -> Sequence[Export]:
        """At most `limit` of the user's, the newest first."""
        query = select(*_of_export).where(_row.user_id == user).order_by(_row.id.desc()).limit(limit)
        return [_entity(row) for row in await connection.execute(query)]

    async def next_to_make(self, unit: UnitOfWork, real_now: datetime, *, skip_locked: bool) -> Export | None:
        """The pending one that has waited the longest for being tried, for this unit alone until it ends."""
        query = select(*_of_export).where(_row.try_at <= real_now).order_by(_row.try_at, _row.id).limit(1)
        if skip_locked:
            query = query.with_for_update(skip_locked=True)
        row = (await unit.connection.execute(query)).one_or_none()
        return _entity(row) if row else None

    async def ended(self, unit: UnitOfWork, now: datetime, *, limit: int, skip_locked: bool) -> Sequence[Export]:
        """At most `limit` whose present state ends by time, for this unit alone until it ends."""
        query = select(*_of_export).where(_row.ends_at <= now).order_by(_row.ends_at, _row.id).limit(limit)
        if skip_locked:
            query = query.with_for_update(skip_locked=True)
        return [_entity(row) for row in await unit.connection.execute(query)]

    async def save(self, unit: UnitOfWork, export: Export) -> None:
        """Write an export that this unit holds."""
        await unit.connection.execute(update(tables.exports).where(_row.id == export.id).values(_columns(export)))

    async def save_attempt(self, unit: UnitOfWork, export: Export, attempt: int) -> bool:
        """Write what came of an attempt; False when it is gone, or another attempt was begun meanwhile."""
        this = update(tables.exports).where(
            _row.id == export.id, _row.state == ExportState.PENDING.value, _row.attempts == attempt
        )
        return (await unit.connection.execute(this.values(_columns(export)))).rowcount == 1

    async def add_file(self, unit: UnitOfWork, export: Export, content: bytes) -> None:
        """Keep an export's file."""
        await unit.connection.execute(insert(tables.export_files), {"export_id": export.id, "content": content})

    async def remove_file(self, unit: UnitOfWork, export: Export) -> None:
        """Let an export's file go."""
        await unit.connection.execute(delete(tables.export_files).where(_file.export_id == export.id))

    async def remove(self, unit: UnitOfWork, export: Export) -> None:
        """Let an export go, and its file with it."""
        await unit.connection.execute(delete(tables.exports).where(_row.id == export.id))

    async def forget_person(self, unit: UnitOfWork, user: str) -> None:
        """Let all of the user's go, and their files with them."""
        await unit.connection.execute(delete(tables.exports).where(_row.user_id == user))


def _entity(row: Row[Any]) -> Export:
    columns = dict(row._mapping)
    return Export(
        **{
            **{name: value for name, value in columns.items() if name != "user_id"},
            "user": row.user_id,
            "state": ExportState(row.state),
            "problem": ExportProblem(row.problem) if row.problem else None,
        }
    )


def _columns(export: Export) -> dict[str, Any]:
    columns = asdict(export)
    problem = export.problem.value if export.problem else None
    del columns["user"]
    return {
        **columns,
        "user_id": export.user,
        "open_key": export.open_key,
        "state": export.state.value,
        "problem": problem,
    }
