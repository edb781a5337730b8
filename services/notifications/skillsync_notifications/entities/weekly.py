"""Weekly mails: on Monday at eight in the morning where their recipient lives, one a week."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from skillsync_notifications.entities.mails import Template

__all__ = ["WeeklyMail"]

_AT = time(8)
_WEEK = timedelta(days=7)
# So late it still goes out: after a night without a worker, but not in the middle of the week.
_LATEST = timedelta(hours=24)


@dataclass(slots=True)
class WeeklyMail:
    """Somebody's, the last week it was looked at for (`2030-W01`; None before the first), and when it was due."""

    user: str
    template: Template
    week: str | None
    due_at: datetime

    @property
    def key(self) -> str:
        """What stands for an event's id in the mail: one a person and week, whatever runs how often."""
        return f"{self.user}:{self.week}"

    @property
    def is_planned(self) -> bool:
        """Whether it is due on a Monday at eight: somebody's time zone was asked for."""
        return self.week is not None

    def pass_over(self, now: datetime) -> datetime:
        """When to look again at one that its recipient does not want: at the same hour, so many whole weeks later.

        Where summer time has come or gone, the next look finds that out, an hour too early or too late.
        """
        weeks = max(0, (now - self.due_at) // _WEEK) + 1
        return self.due_at + weeks * _WEEK

    def look(self, now: datetime, time_zone: str) -> tuple[bool, datetime]:
        """Whether a mail is due now, and when to look again.

        The first look only plans: nobody is written to for a week in which they were not there yet.
        """
        zone = _zone(time_zone)
        slot = _slot(now, zone)
        year, number, _ = slot.astimezone(zone).isocalendar()
        week = f"{year}-W{number:02}"
        is_due = self.week is not None and self.week < week and now - slot < _LATEST
        self.week = week
        return is_due, _slot(slot + timedelta(days=8), zone)


def _slot(now: datetime, zone: ZoneInfo) -> datetime:
    """The last Monday at eight, local time, that is not after `now`."""
    local = now.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    slot = datetime.combine(monday, _AT, zone).astimezone(UTC)
    if slot <= now:
        return slot
    return datetime.combine(monday - _WEEK, _AT, zone).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
