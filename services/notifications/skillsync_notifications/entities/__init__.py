"""State and behaviour, without input or output: mails, preferences, reminders, what mails bring back."""

from skillsync_notifications.entities.feedback import Feedback, Return, Suppression, address_digest
from skillsync_notifications.entities.mails import (
    Contact,
    Exchange,
    ExchangeLeg,
    Letter,
    Mail,
    Status,
    Template,
    one_line,
)
from skillsync_notifications.entities.matters import Brief, Digest, ExpiringOffering, ListedExchange, Matter
from skillsync_notifications.entities.preferences import Channel, Preferences, Switches, Topic, topic_of
from skillsync_notifications.entities.rate import Permits
from skillsync_notifications.entities.reminders import (
    Deadlines,
    Reminder,
    ReminderKey,
    WatchedOffering,
    is_still_true,
)
from skillsync_notifications.entities.weekly import WeeklyMail

__all__ = [
    "Brief",
    "Channel",
    "Contact",
    "Deadlines",
    "Digest",
    "Exchange",
    "ExchangeLeg",
    "ExpiringOffering",
    "Feedback",
    "Letter",
    "ListedExchange",
    "Mail",
    "Matter",
    "Permits",
    "Preferences",
    "Reminder",
    "ReminderKey",
    "Return",
    "Status",
    "Suppression",
    "Switches",
    "Template",
    "Topic",
    "WatchedOffering",
    "WeeklyMail",
    "address_digest",
    "is_still_true",
    "one_line",
    "topic_of",
]
