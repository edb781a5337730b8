"""Writes the read model: rows that are only added, and rows where the newest event wins."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, Table, and_, case, insert, literal, select, update

from skillsync_analytics import tables
from skillsync_analytics.entities.calendar import Periods, periods
from skillsync_analytics.entities.exchange import Exchange
from skillsync_analytics.repository.personal import MemberRepository
from skillsync_kit.database import UnitOfWork, UtcDateTime

__all__ = ["ReadModel"]

_NO_PERIODS: dict[str, int | None] = {"day": None, "week": None, "month": None}
_KNOWN = ("transaction_id", "sequence", "settlement", "minutes", "last_event_at")
_MOMENTS = ("proposed_at", "accepted_at", "ended_at", "ending")


class ReadModel:
    """The tables of the read model; those a replay fills when it is given them."""

    def __init__(self, model: tables.Model = tables.LIVE) -> None:
        self._tables = model
        self.personal = MemberRepository(model.member_exchanges)

    async def learn_of_exchange(self, unit: UnitOfWork, told: Exchange, participants: Sequence[str]) -> None:
        """Join what an event tells of an exchange with what is known of it."""
        table = self._tables.exchanges
        if await _added(unit, table, _exchange_row(told)):
            rows = [{"transaction_id": told.transaction_id, "user_id": user} for user in participants]
            await unit.connection.execute(insert(self._tables.participants), rows)
            return
        row = table.c
        is_it = row.transaction_id == told.transaction_id
        known = select(*(row[name] for name in (*_KNOWN, *_MOMENTS))).where(is_it).with_for_update()
        before = Exchange(**(await unit.connection.execute(known)).one()._mapping)
        if (after := before.joined(told)) != before:
            await unit.connection.execute(update(table).where(is_it).values(_exchange_row(after)))

    async def add_parts(
        self, unit: UnitOfWork, transaction: str, parts: Sequence[Mapping[str, Any]], at: datetime
    ) -> None:
        """Add the parts of a finalized exchange: user_id, category, minutes_given and minutes_received of each."""
        when = asdict(periods(at))
        rows = [{"transaction_id": transaction, **part, **when} for part in parts]
        await unit.connection.execute(insert(self._tables.exchange_parts), rows)

    async def note_activity(self, unit: UnitOfWork, user: str, at: datetime) -> None:
        """Note that a member did something that day."""
        await _added(unit, self._tables.activity, {"user_id": user, **asdict(periods(at))})

    async def learn_of_member(
        self, unit: UnitOfWork, user: str, *, status: str, sequence: int, at: datetime, has_joined: bool
    ) -> None:
        """Take a member's status if it is newer than the known one, and the moment of the sign-up if this is it."""
        joined: dict[str, Any] = {"joined_at": at, **asdict(periods(at))} if has_joined else {}
        row = {"user_id": user, "status": status, "sequence": sequence, "last_event_at": at}
        if await _added(unit, self._tables.members, {**row, "joined_at": None, **_NO_PERIODS, **joined}):
            return
        await self._take_newest(unit, self._tables.members, "user_id", row, joined)

    async def learn_of_offering(
        self, unit: UnitOfWork, offering: str, facts: Mapping[str, str], *, sequence: int, at: datetime
    ) -> None:
        """Take an offering's owner, kind, skill and status if they are newer than the known ones."""
        row = {"offering_id": offering, **facts, "sequence": sequence, "last_event_at": at}
        if not await _added(unit, self._tables.offerings, row):
            await self._take_newest(unit, self._tables.offerings, "offering_id", row, {})

    async def _take_newest(
        self, unit: UnitOfWork, table: Table, key: str, row: Mapping[str, Any], always: Mapping[str, Any]
    ) -> None:
        is_it = table.c[key] == row[key]
        if always:
            await unit.connection.execute(update(table).where(is_it).values(always))
        at = literal(row["last_event_at"], UtcDateTime())
        later = case((table.c.last_event_at < at, at), else_=table.c.last_event_at)
        await unit.connection.execute(update(table).where(is_it).values(last_event_at=later))
        newer = and_(is_it, table.c.sequence < row["sequence"])
        values = {name: value for name, value in row.items() if name not in (key, "last_event_at")}
        await unit.connection.execute(update(table).where(newer).values(values))


async def _added(unit: UnitOfWork, table: Table, row: Mapping[str, Any]) -> bool:
    """Add a row unless one with its key is there; whether it was added."""
    return bool((await unit.connection.execute(_unless_there(table), dict(row))).rowcount)


def _unless_there(table: Table) -> Insert:
    return insert(table).prefix_with("IGNORE", dialect="mysql").prefix_with("OR IGNORE", dialect="sqlite")


def _exchange_row(exchange: Exchange) -> dict[str, Any]:
    known = {name: getattr(exchange, name) for name in (*_KNOWN, *_MOMENTS, "accept_seconds", "finalize_seconds")}
    when: Periods | None = periods(exchange.proposed_at) if exchange.proposed_at else None
    return {**known, **(asdict(when) if when else _NO_PERIODS)}
