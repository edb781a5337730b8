"""Shapes of the service's HTTP."""

from skillsync_notifications.schemas.inbox import (
    NotificationPage,
    NotificationPatch,
    NotificationRepresentation,
    represent,
)
from skillsync_notifications.schemas.preferences import Switchboard

__all__ = ["NotificationPage", "NotificationPatch", "NotificationRepresentation", "Switchboard", "represent"]
