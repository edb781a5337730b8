"""A mail's life, what mails tell of, and what people wrote made harmless; pure, and handed the time."""

from skillsync_notifications.entities.mails import Contact, Letter, Mail, Status, Template
from skillsync_notifications.entities.matters import (
    Appointment,
    Brief,
    Digest,
    Exchange,
    ExchangeLeg,
    ExpiringOffering,
    FoundOffering,
    Limit,
    ListedExchange,
    Matter,
    SkillCount,
)
from skillsync_notifications.entities.texts import harmless, one_line

__all__ = [
    "Appointment",
    "Brief",
    "Contact",
    "Digest",
    "Exchange",
    "ExchangeLeg",
    "ExpiringOffering",
    "FoundOffering",
    "Letter",
    "Limit",
    "ListedExchange",
    "Mail",
    "Matter",
    "SkillCount",
    "Status",
    "Template",
    "harmless",
    "one_line",
]
