"""Messages in: events of other services, and what mails bring back."""

from skillsync_notifications.consumer.audience import handlers
from skillsync_notifications.consumer.returns import read_return, return_handlers

__all__ = ["handlers", "read_return", "return_handlers"]
