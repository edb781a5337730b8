"""The service's routes: HTTP in, shape out, no decisions."""

from skillsync_analytics.router.internal import router as internal
from skillsync_analytics.router.measures import router as measures
from skillsync_analytics.router.personal import router as personal
from skillsync_kit.erasures_router import erasures_router
from skillsync_kit.exports_router import exports_router
from skillsync_kit.operations_router import consumer_router
from skillsync_kit.trails_router import consumed_trails_router

__all__ = ["routers"]

# `me` comes before the measures, whose names it is not one of.
routers = (
    personal,
    measures,
    internal,
    erasures_router,
    exports_router,
    consumer_router,
    consumed_trails_router,
)
