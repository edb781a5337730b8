"""The service's settings, besides those every service has."""

from skillsync_kit.settings import Settings

__all__ = ["UsersSettings"]


class UsersSettings(Settings):
    """Where events go and come from."""

    topic_arn: str
    queue_url: str
