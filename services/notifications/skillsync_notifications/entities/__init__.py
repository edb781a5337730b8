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
from skillsync_notifications.entities.preferences import Channel, Preferences, Switches, Topic, topic_of

__all__ = [
    "Channel",
    "Contact",
    "Exchange",
    "ExchangeLeg",
    "Feedback",
    "Letter",
    "Mail",
    "Preferences",
    "Return",
    "Status",
    "Suppression",
    "Switches",
    "Template",
    "Topic",
    "address_digest",
    "one_line",
    "topic_of",
]
