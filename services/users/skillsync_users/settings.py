"""The service's settings, besides those every service has."""

from collections.abc import Mapping

from pydantic import Field

from skillsync_kit.replay_job import ReplaySettings
from skillsync_kit.settings import Settings

__all__ = ["UsersReplaySettings", "UsersSettings"]


class UsersSettings(Settings):
    """Where events go and come from, and who has a part when a person is erased."""

    topic_arn: str
    queue_url: str
    user_pool_id: str
    transactions_url: str
    notifications_url: str
    analytics_url: str
    token_url: str
    worker_client_id: str
    worker_secret_id: str
    erasure_days: int = Field(default=7, ge=0, le=60, description="In which one may change one's mind")


class UsersReplaySettings(ReplaySettings):
    """Whose events statistics are made of."""

    transactions_url: str
    notifications_url: str

    @property
    def producers(self) -> Mapping[str, str]:
        """See ReplaySettings."""
        return {"transactions": self.transactions_url, "notifications": self.notifications_url}
