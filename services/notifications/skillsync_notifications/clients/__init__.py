"""What a mail is made of and leaves by: other services, the worker's identity, SES. Ports and their adapters."""

from skillsync_notifications.clients.exchanges import Exchanges, TransactionsService
from skillsync_notifications.clients.internal import InternalService
from skillsync_notifications.clients.members import Contacts, UsersService
from skillsync_notifications.clients.ses import PostOffice, Ses
from skillsync_notifications.clients.tokens import SecretsManager, Tokens, WorkerTokens

__all__ = [
    "Contacts",
    "Exchanges",
    "InternalService",
    "PostOffice",
    "SecretsManager",
    "Ses",
    "Tokens",
    "TransactionsService",
    "UsersService",
    "WorkerTokens",
]
