"""Two read models held against each other: a digest of each table, and the rows that differ."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Column, Select, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["Comparison", "Difference", "ModelComparison", "compare_models"]

_SHOWN_AT_MOST = 20
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same in both; None where it is missing. `key` is its primary key."""

    table: str
    key: Row
    live: Row | None
    rebuilt: Row | None


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """One table: SHA-256 over its rows in the order of the primary key, how many there are, and how many differ."""

    table: str
    live_digest: str
    live_rows: int
    rebuilt_digest: str
    rebuilt_rows: int
    differing: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All tables, and at most 20 of the rows that differ."""

    models: list[ModelComparison]
    differences: list[Difference]

    @property
    def is_equal(self) -> bool:
        """Whether every digest is the same in both."""
        return all(model.live_digest == model.rebuilt_digest for model in self.models)


async def compare_models(connection: AsyncConnection, models: Mapping[Table, Table]) -> Comparison:
    """Compare the rebuilt tables with the live ones, in the transaction of this connection."""
    compared: list[ModelComparison] = []
    differences: list[Difference] = []
    for live, rebuilt in models.items():
        (digest, rows), (other, other_rows) = await _digest(connection, live), await _digest(connection, rebuilt)
        differing = 0
        if digest != other:
            for query in (_not_as_in(live, rebuilt), _missing_in(live, rebuilt)):
                counted = select(func.count()).select_from(query.subquery())
                differing += (await connection.execute(counted)).scalar_one()
                room = _SHOWN_AT_MOST - len(differences)
                found = await connection.execute(query.order_by(*query.selected_columns[: len(_key(live))]).limit(room))
                differences += [_difference(live, tuple(row)) for row in found]
        compared.append(ModelComparison(live.name, digest, rows, other, other_rows, differing))
    return Comparison(compared, differences)


async def _digest(connection: AsyncConnection, table: Table) -> tuple[str, int]:
    digest, rows = hashlib.sha256(), 0
    async with connection.stream(select(table).order_by(*_key(table))) as found:
        async for row in found:
            digest.update(to_json(list(row)) + b"\n")
            rows += 1
    return digest.hexdigest(), rows


def _key(table: Table) -> list[Column[Any]]:
    return list(table.primary_key.columns)


def _same_row(one: Table, other: Table) -> Any:
    return and_(*(column == other.c[column.name] for column in _key(one)))


def _all_columns(live: Table, rebuilt: Table) -> Iterator[Any]:
    for table, prefix in ((live, "live"), (rebuilt, "rebuilt")):
        yield from (column.label(f"{prefix}_{column.name}") for column in table.columns)


def _not_as_in(live: Table, rebuilt: Table) -> Select[Any]:
    """Live rows that are missing in the rebuilt table, or other there."""
    differs = or_(*(column.is_distinct_from(rebuilt.c[column.name]) for column in live.columns))
    keys = (column.label(f"key_{column.name}") for column in _key(live))
    return (
        select(*keys, *_all_columns(live, rebuilt))
        .select_from(live.outerjoin(rebuilt, _same_row(live, rebuilt)))
        .where(differs)
    )


def _missing_in(live: Table, rebuilt: Table) -> Select[Any]:
    """Rebuilt rows that the live table has not."""
    keys = (column.label(f"key_{column.name}") for column in _key(rebuilt))
    return (
        select(*keys, *_all_columns(live, rebuilt))
        .select_from(rebuilt.outerjoin(live, _same_row(rebuilt, live)))
        .where(_key(live)[0].is_(None))
    )


def _difference(live: Table, values: tuple[Any, ...]) -> Difference:
    names, key_names = live.c.keys(), [column.name for column in _key(live)]
    key, rest = values[: len(key_names)], values[len(key_names) :]
    sides = [dict(zip(names, part, strict=True)) for part in (rest[: len(names)], rest[len(names) :])]
    there = [side if side[key_names[0]] is not None else None for side in sides]
    return Difference(live.name, dict(zip(key_names, key, strict=True)), *there)
