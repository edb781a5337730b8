"""The settings of the operators' API, besides those that every process has."""

from pydantic import BaseModel, Field

from skillsync.local.state import Queue
from skillsync.operations.aws import Messaging
from skillsync_kit.settings import ProcessSettings

__all__ = ["OperationsSettings"]


class _QueueUrls(BaseModel):
    url: str
    dlq_url: str
    subscription_dlq_url: str


class OperationsSettings(ProcessSettings):
    """What is looked at, and who answers for it. `queues` and `processes` are JSON objects, by name."""

    queues: dict[str, _QueueUrls]
    processes: dict[str, str] = Field(description="Where each process tells whether it is ready")
    users_url: str
    transactions_url: str
    notifications_url: str
    analytics_url: str
    token_url: str
    worker_client_id: str
    worker_secret_id: str
    aws_endpoint: str = Field(default="", validation_alias="AWS_ENDPOINT_URL")
    aws_region: str = Field(validation_alias="AWS_REGION")

    @property
    def messaging(self) -> Messaging:
        """The queues, as the operators' tools take them."""
        queues = {
            name: Queue(url=urls.url, dlq_url=urls.dlq_url, subscription_dlq_url=urls.subscription_dlq_url)
            for name, urls in self.queues.items()
        }
        return Messaging(aws_endpoint=self.aws_endpoint, queues=queues)

    @property
    def services(self) -> dict[str, str]:
        """The services' base URLs by their names."""
        return {
            "users": self.users_url,
            "transactions": self.transactions_url,
            "notifications": self.notifications_url,
            "analytics": self.analytics_url,
        }
