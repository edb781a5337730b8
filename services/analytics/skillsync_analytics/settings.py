"""The service's settings, besides those every service has."""

from skillsync_kit.settings import Settings

__all__ = ["AnalyticsSettings"]


class AnalyticsSettings(Settings):
    """Where events come from."""

    queue_url: str
