"""Composition root: wires the analytics service by hand, and runs it.

python -m skillsync_analytics.main {all|api|worker}
"""

from contextlib import AsyncExitStack

from skillsync_analytics.consumer import handlers
from skillsync_analytics.projections import Projections
from skillsync_analytics.queries import Queries
from skillsync_analytics.repository import MemberRepository
from skillsync_analytics.router import routers
from skillsync_analytics.settings import AnalyticsSettings
from skillsync_analytics.tables import metadata
from skillsync_kit import process
from skillsync_kit.app import Health, create_app
from skillsync_kit.foundation import lay
from skillsync_kit.process import Parts

__all__ = ["build"]

_NAME = "analytics"


async def build(stack: AsyncExitStack, settings: AnalyticsSettings) -> Parts:
    """The process's parts, over what `stack` will close. It publishes nothing, so it has no relay."""
    base = lay(stack, settings, _NAME, metadata)
    repository = MemberRepository()
    consumer = await base.consumer(stack, settings.queue_url, handlers(Projections(repository)))
    health = Health()
    app = create_app(
        _NAME,
        health=health,
        verifier=base.verifier,
        routers=routers,
        state={"queries": Queries(base.database, repository), "operations": base.operations},
    )
    return Parts(app, health, worker_loops=(consumer.run,), warm=(base.database.warm,))


def main() -> None:
    """Run the process."""
    process.run(_NAME, AnalyticsSettings, build)


if __name__ == "__main__":
    main()
