"""Shapes of the service's HTTP."""

from skillsync_notifications.schemas.inbox import (
    NotificationPage,
    NotificationPatch,
    NotificationRepresentation,
    represent,
)
from skillsync_notifications.schemas.preferences import Switchboard
from skillsync_notifications.schemas.steps import MailSteps, represent_steps

__all__ = [
    "MailSteps",
    "NotificationPage",
    "NotificationPatch",
    "NotificationRepresentation",
    "Switchboard",
    "represent",
    "represent_steps",
]
