"""The service's routes."""

from skillsync_kit.erasures_router import erasures_router
from skillsync_kit.exports_router import exports_router
from skillsync_kit.operations_router import consumer_router, producer_router
from skillsync_kit.trails_router import consumed_trails_router, produced_trails_router
from skillsync_notifications.router.context import conceal
from skillsync_notifications.router.inbox import router as inbox_router
from skillsync_notifications.router.internal import router as internal_router
from skillsync_notifications.router.preferences import router as preferences_router
from skillsync_notifications.router.unsubscribe import router as unsubscribe_router

__all__ = ["conceal", "routers"]

# Preferences first: their path would do for a notification's id.
routers = (
    preferences_router,
    inbox_router,
    unsubscribe_router,
    internal_router,
    erasures_router,
    exports_router,
    producer_router,
    consumer_router,
    produced_trails_router,
    consumed_trails_router,
)
