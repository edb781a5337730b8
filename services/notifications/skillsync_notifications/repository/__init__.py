"""All SQL of the service."""

from skillsync_notifications.repository.farewell import FarewellRepository
from skillsync_notifications.repository.mails import MailRepository
from skillsync_notifications.repository.preferences import PreferencesRepository
from skillsync_notifications.repository.reminders import ReminderRepository
from skillsync_notifications.repository.schedules import ScheduleRepository
from skillsync_notifications.repository.suppressions import SuppressionRepository

__all__ = [
    "FarewellRepository",
    "MailRepository",
    "PreferencesRepository",
    "ReminderRepository",
    "ScheduleRepository",
    "SuppressionRepository",
]
