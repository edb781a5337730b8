"""The service's settings, besides those every service has."""

from collections.abc import Mapping

from skillsync_kit.replay_job import ReplaySettings
from skillsync_kit.settings import Settings

__all__ = ["UsersReplaySettings", "UsersSettings"]


class UsersSettings(Settings):
    """Where events go and come from."""

    topic_arn: str
    queue_url: str


class UsersReplaySettings(ReplaySettings):
    """Whose events statistics are made of."""

    transactions_url: str
    notifications_url: str

    @property
    def producers(self) -> Mapping[str, str]:
        """See ReplaySettings."""
        return {"transactions": self.transactions_url, "notifications": self.notifications_url}
