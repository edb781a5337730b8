"""Messages in: events of other services, and what mails bring back."""

from skillsync_notifications.consumer.audience import UseCases, handlers
from skillsync_notifications.consumer.returns import read_return, return_handlers

__all__ = ["UseCases", "handlers", "read_return", "return_handlers"]
