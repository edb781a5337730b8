"""The service's settings, besides those every service has."""

from collections.abc import Mapping

from skillsync_kit.replay_job import ReplaySettings
from skillsync_kit.settings import Settings

__all__ = ["AnalyticsReplaySettings", "AnalyticsSettings"]


class AnalyticsSettings(Settings):
    """Where events come from."""

    queue_url: str


class AnalyticsReplaySettings(ReplaySettings):
    """Whose events the read model is made of."""

    users_url: str
    transactions_url: str
    notifications_url: str

    @property
    def producers(self) -> Mapping[str, str]:
        """See ReplaySettings."""
        return {
            "users": self.users_url,
            "transactions": self.transactions_url,
            "notifications": self.notifications_url,
        }
