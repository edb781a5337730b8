"""Response shapes of the service's HTTP."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from skillsync_notifications.entities import Mail, Status, Template

__all__ = ["NotificationPage", "NotificationRepresentation", "represent"]


class NotificationRepresentation(BaseModel):
    """A mail to the caller, by what it is about, and its fate; `subject` is the id of a transaction or user."""

    id: str
    template: Template
    subject: str
    status: Status
    created_at: datetime
    sent_at: datetime | None


class NotificationPage(BaseModel):
    """A page of the caller's notifications, the newest first; `next` is the cursor of the page after it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": "0190c5d4-8f6e-7000-8000-000000000030",
                            "template": "receipt",
                            "subject": "0190c5d4-8f6e-7000-8000-000000000020",
                            "status": "sent",
                            "created_at": "2030-01-01T12:00:00Z",
                            "sent_at": "2030-01-01T12:00:02Z",
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )

    items: list[NotificationRepresentation]
    next: str | None


def represent(mail: Mail) -> NotificationRepresentation:
    """A mail as its recipient is shown it."""
    return NotificationRepresentation(
        id=mail.id,
        template=mail.template,
        subject=mail.subject,
        status=mail.status,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
    )
