"""When somebody's weekly mail is to be looked at next."""

from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from skillsync_kit.database import UnitOfWork
from skillsync_notifications import tables
from skillsync_notifications.entities import Template, WeeklyMail

__all__ = ["ScheduleRepository"]

_schedule = tables.schedules.c


class ScheduleRepository:
    """Keeps a row for each person and weekly mail."""

    async def begin(self, unit: UnitOfWork, user: str, template: Template, now: datetime) -> None:
        """Look at somebody's week from now on; at once when it was begun already, for their time zone has changed."""
        row = {"user": user, "template": template.value, "due_at": now, "week": None}
        try:
            await unit.connection.execute(insert(tables.schedules), row)
        except IntegrityError:
            this = update(tables.schedules).where(_schedule.user == user, _schedule.template == template.value)
            await unit.connection.execute(this.values(due_at=now))

    async def ensure(self, unit: UnitOfWork, user: str, template: Template, now: datetime) -> None:
        """Look at somebody's week from now on; one that was begun stays as it is."""
        this = select(_schedule.user).where(_schedule.user == user, _schedule.template == template.value)
        if (await unit.connection.execute(this)).first() is None:
            await self.begin(unit, user, template, now)

    async def end(self, unit: UnitOfWork, user: str, template: Template) -> None:
        """There is nobody any more to look after."""
        this = delete(tables.schedules).where(_schedule.user == user, _schedule.template == template.value)
        await unit.connection.execute(this)

    async def claim(
        self, unit: UnitOfWork, *, now: datetime, until: datetime, limit: int, skip_locked: bool
    ) -> list[WeeklyMail]:
        """At most `limit` that are due, the oldest first; nobody else looks at them before `until`."""
        due = select(tables.schedules).where(_schedule.due_at <= now).order_by(_schedule.due_at).limit(limit)
        if skip_locked:
            due = due.with_for_update(skip_locked=True)
        rows = (await unit.connection.execute(due)).all()
        for row in rows:
            this = update(tables.schedules).where(_schedule.user == row.user, _schedule.template == row.template)
            await unit.connection.execute(this.values(due_at=until))
        return [WeeklyMail(row.user, Template(row.template), row.week, row.due_at) for row in rows]

    async def plan(self, unit: UnitOfWork, weekly: WeeklyMail, due_at: datetime) -> None:
        """Look again at a later time; `weekly.week` is the last one that was looked at."""
        this = update(tables.schedules).where(
            _schedule.user == weekly.user, _schedule.template == weekly.template.value
        )
        await unit.connection.execute(this.values(due_at=due_at, week=weekly.week))
