"""The service's settings, besides those every service has."""

from pydantic import Field

from skillsync_kit.settings import Settings

__all__ = ["NotificationsSettings"]


class NotificationsSettings(Settings):
    """Where events go and come from, who is asked what a mail tells, and how mail leaves."""

    topic_arn: str
    queue_url: str
    feedback_queue_url: str
    users_url: str
    transactions_url: str
    analytics_url: str
    token_url: str
    worker_client_id: str
    worker_secret_id: str
    mail_sender: str = Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    mail_configuration_set: str | None = None
    mail_rate_per_second: float | None = Field(default=None, gt=0, le=100_000)
    web_url: str
    api_url: str | None = None
