"""Weekly mails: on Monday at eight in the morning where their recipient lives, one a week."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from skillsync_notifications.entities.mails import Template

__all__ = ["WeeklyMail"]

_AT = time(8)
# So late it still goes out: after a night without a worker, but not in the middle of the week.
_LATEST = timedelta(hours=24)


@dataclass(slots=True)
class WeeklyMail:
    """Somebody's, and the last week it was looked at for (`2030-W01`); None before the first."""

    user: str
    template: Template
    week: str | None

    @property
    def key(self) -> str:
        """What stands for an event's id in the mail: one a person and week, whatever runs how often."""
        return f"{self.user}:{self.week}"

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
    return datetime.combine(monday - timedelta(days=7), _AT, zone).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
