"""SQL of erasures: every row that is there for the sake of one person, but the fate of what they were sent."""

from sqlalchemy import Column, delete

from skillsync_kit.database import UnitOfWork
from skillsync_notifications import tables

__all__ = ["FarewellRepository"]

# Whose a row is, in each table that holds such rows; all are indexed by it.
_OWNERS: tuple[Column[str], ...] = (
    tables.preferences.c.user,
    tables.unsubscribe_tokens.c.user,
    tables.suppressions.c.user,
    tables.reminders.c.recipient,
    tables.offerings.c.owner,
    tables.schedules.c.user,
    tables.idempotency_records.c.principal,
)


class FarewellRepository:
    """Deletes what is kept of a person."""

    async def forget(self, unit: UnitOfWork, user: str) -> None:
        """Delete the person's rows: switches, links, closed addresses, what was planned for them, kept answers."""
        for owner in _OWNERS:
            await unit.connection.execute(delete(owner.table).where(owner == user))
