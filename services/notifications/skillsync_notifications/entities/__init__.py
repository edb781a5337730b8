"""State and behaviour, without input or output: mails, what they tell of and bring back, preferences, reminders."""

from skillsync_notifications.entities.feedback import Feedback, Return, Suppression, address_digest
from skillsync_notifications.entities.mails import (
    Contact,
    Letter,
    Mail,
    Status,
    Template,
)
from skillsync_notifications.entities.matters import (
    Appointment,
    Brief,
    Digest,
    Exchange,
    ExchangeLeg,
    ExpiringOffering,
    FoundOffering,
    Hours,
    Limit,
    ListedExchange,
    Matter,
    SkillCount,
)
from skillsync_notifications.entities.preferences import Channel, Link, Preferences, Switches, Topic, topic_of
from skillsync_notifications.entities.rate import Permits
from skillsync_notifications.entities.reminders import (
    Deadlines,
    Reminder,
    ReminderKey,
    WatchedOffering,
    is_still_true,
)
from skillsync_notifications.entities.texts import harmless, one_line
from skillsync_notifications.entities.weekly import WeeklyMail

__all__ = [
    "Appointment",
    "Brief",
    "Channel",
    "Contact",
    "Deadlines",
    "Digest",
    "Exchange",
    "ExchangeLeg",
    "ExpiringOffering",
    "Feedback",
    "FoundOffering",
    "Hours",
    "Letter",
    "Limit",
    "Link",
    "ListedExchange",
    "Mail",
    "Matter",
    "Permits",
    "Preferences",
    "Reminder",
    "ReminderKey",
    "Return",
    "SkillCount",
    "Status",
    "Suppression",
    "Switches",
    "Template",
    "Topic",
    "WatchedOffering",
    "WeeklyMail",
    "address_digest",
    "harmless",
    "is_still_true",
    "one_line",
    "topic_of",
]
