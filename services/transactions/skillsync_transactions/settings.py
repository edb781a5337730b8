"""The service's settings, besides those every service has."""

from skillsync_kit.settings import Settings

__all__ = ["TransactionsSettings"]


class TransactionsSettings(Settings):
    """Where events go and come from, and where the users service is."""

    topic_arn: str
    queue_url: str
    users_url: str
