"""What this service does: keeps intents, shows people theirs, and delivers them."""

from skillsync_notifications.service.delivery import Delivery, Desk
from skillsync_notifications.service.feedback import MailFeedback
from skillsync_notifications.service.matters import Matters
from skillsync_notifications.service.notifications import InboxPage, Notifications
from skillsync_notifications.service.own_data import OwnData
from skillsync_notifications.service.preferences import MemberPreferences
from skillsync_notifications.service.reminders import Reminders
from skillsync_notifications.service.scheduler import Scheduler
from skillsync_notifications.service.sender import Sender
from skillsync_notifications.service.templates import Templates
from skillsync_notifications.service.weekly import WeeklyMails
from skillsync_notifications.service.wording import Languages, Wording

__all__ = [
    "Delivery",
    "Desk",
    "InboxPage",
    "Languages",
    "MailFeedback",
    "Matters",
    "MemberPreferences",
    "Notifications",
    "OwnData",
    "Reminders",
    "Scheduler",
    "Sender",
    "Templates",
    "WeeklyMails",
    "Wording",
]
