"""What a mail is made of and leaves by: other services, SES. Ports and their adapters."""

from skillsync_notifications.clients.coordinators import Coordinators, UserPoolGroup
from skillsync_notifications.clients.exchanges import Exchanges, TransactionsService
from skillsync_notifications.clients.figures import AnalyticsService, Figures
from skillsync_notifications.clients.members import Contacts, Offerings, UsersService
from skillsync_notifications.clients.ses import FixedLimit, PostOffice, SendingLimit, Ses, SesLimit

__all__ = [
    "AnalyticsService",
    "Contacts",
    "Coordinators",
    "Exchanges",
    "Figures",
    "FixedLimit",
    "Offerings",
    "PostOffice",
    "SendingLimit",
    "Ses",
    "SesLimit",
    "TransactionsService",
    "UserPoolGroup",
    "UsersService",
]
