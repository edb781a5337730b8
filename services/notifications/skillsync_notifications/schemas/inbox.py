"""The inbox's shapes."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, StrictBool
from pydantic.config import JsonDict

from skillsync_notifications.entities import Mail, Status, Template

__all__ = ["NotificationPage", "NotificationPatch", "NotificationRepresentation", "represent"]


_EXAMPLE: JsonDict = {
    "id": "0190c5d4-8f6e-7000-8000-000000000030",
    "template": "receipt",
    "subject": "0190c5d4-8f6e-7000-8000-000000000020",
    "read": False,
    "status": "sent",
    "created_at": "2030-01-01T12:00:00Z",
    "sent_at": "2030-01-01T12:00:02Z",
    "version": 2,
}


class NotificationRepresentation(BaseModel):
    """What the caller was told, by what it is about, and its mail's fate."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    template: Template
    subject: str = Field(description="The id of the transaction, offering or user it is about")
    read: bool
    status: Status = Field(description="What became of the mail; `unwanted` is one its recipient has switched off")
    created_at: datetime
    sent_at: datetime | None
    version: int = Field(description="The number in its ETag")


class NotificationPage(BaseModel):
    """A page of the caller's notifications, the newest first; `next` is the cursor of the page after it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next": None, "unread": 1}]})

    items: list[NotificationRepresentation]
    next: str | None
    unread: int = Field(description="How much is unread in all, counted up to 1,000")


class NotificationPatch(BaseModel):
    """What one may change of a notification: whether it stands as read."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"read": True}]})

    read: StrictBool


def represent(mail: Mail) -> NotificationRepresentation:
    """A mail as its recipient is shown it."""
    return NotificationRepresentation(
        id=mail.id,
        template=mail.template,
        subject=mail.subject,
        read=mail.read_at is not None,
        status=mail.status,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        version=mail.version,
    )
