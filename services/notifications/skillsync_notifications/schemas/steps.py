"""What operators see of mails: ids, kinds, fates and times."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from skillsync_notifications.entities import Mail, Status, Template

__all__ = ["MailSteps", "represent_steps"]


class MailStep(BaseModel):
    """A mail that an event caused. Not whom it went to."""

    id: str
    event_id: str
    template: Template
    status: Status
    attempts: int
    created_at: datetime
    sent_at: datetime | None


class MailSteps(BaseModel):
    """The mails that the events asked for have caused; at most 1,000."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": "0190c5d4-8f6e-7000-8000-000000000030",
                            "event_id": "0190c5d4-8f6e-7000-8000-000000000040",
                            "template": "receipt",
                            "status": "sent",
                            "attempts": 1,
                            "created_at": "2030-01-01T12:00:00.080Z",
                            "sent_at": "2030-01-01T12:00:00.310Z",
                        }
                    ]
                }
            ]
        }
    )

    items: list[MailStep]


def represent_steps(mails: Sequence[Mail]) -> MailSteps:
    """The mails as they are shown."""
    return MailSteps(items=[MailStep.model_validate(mail, from_attributes=True) for mail in mails])
