"""What this service does: keeps intents, shows people theirs, and delivers them."""

from skillsync_notifications.service.delivery import Delivery, Desk
from skillsync_notifications.service.feedback import MailFeedback
from skillsync_notifications.service.notifications import InboxPage, Notifications
from skillsync_notifications.service.preferences import MemberPreferences
from skillsync_notifications.service.sender import Sender
from skillsync_notifications.service.templates import Templates

__all__ = [
    "Delivery",
    "Desk",
    "InboxPage",
    "MailFeedback",
    "MemberPreferences",
    "Notifications",
    "Sender",
    "Templates",
]
