"""Composition root: wires the analytics service by hand, and runs it.

python -m skillsync_analytics.main {all|api|worker|replay}
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from skillsync_analytics import tables
from skillsync_analytics.consumer import handlers
from skillsync_analytics.projections import Projections
from skillsync_analytics.queries import Bookkeeping, Measures, OwnData, Queries
from skillsync_analytics.repository import (
    Books,
    Figures,
    MemberRepository,
    PeopleFigures,
    ReadModel,
    load_categories,
)
from skillsync_analytics.router import routers
from skillsync_analytics.settings import AnalyticsReplaySettings, AnalyticsSettings
from skillsync_kit import process
from skillsync_kit.app import Health, create_app
from skillsync_kit.clock import Clock
from skillsync_kit.erasures import Erasures
from skillsync_kit.exports import Exports
from skillsync_kit.foundation import Foundation, lay
from skillsync_kit.process import Parts
from skillsync_kit.rebuild import Rebuild
from skillsync_kit.replay_job import run_replay
from skillsync_kit.replays import Replays

__all__ = ["build", "rebuild", "state"]

_NAME = "analytics"


async def build(stack: AsyncExitStack, settings: AnalyticsSettings) -> Parts:
    """The process's parts, over what `stack` will close. It publishes nothing, so it has no relay."""
    base = lay(stack, settings, _NAME, tables.metadata)
    erasures = Erasures(base.database, tables.erased_users, base.clock)
    live = handlers(Projections(ReadModel()), erasures)
    consumer = await base.consumer(stack, settings.queue_url, live, rebuild=rebuild(base))
    health = Health()
    app = create_app(
        _NAME,
        health=health,
        verifier=base.verifier,
        routers=routers,
        state={**state(base, base.clock), "erasures": erasures},
    )
    return Parts(app, health, worker_loops=(consumer.run,), warm=(base.database.warm,))


def state(base: Foundation, clock: Clock) -> dict[str, Any]:
    """What the routes find on their app."""
    members = MemberRepository()
    return {
        "queries": Queries(base.database, members),
        "measures": Measures(base.database, Figures(), PeopleFigures(), load_categories()),
        "bookkeeping": Bookkeeping(base.database, Books()),
        "exports": Exports(base.database, OwnData(members).parts),
        "operations": base.operations,
        "trails": base.trails,
        "clock": clock,
    }


def rebuild(base: Foundation) -> Rebuild:
    """The read model built anew: the same projections over tables of their own."""
    return Rebuild(
        consumer=_NAME,
        replays=Replays(tables.replays, tables.replay_cursors, _NAME),
        processed=base.processed,
        models=tables.models(),
        handlers=handlers(Projections(ReadModel(tables.REBUILT))),
    )


def replay(arguments: Sequence[str]) -> None:
    """Build the read model anew."""
    run_replay(_NAME, AnalyticsReplaySettings, tables.metadata, rebuild, arguments)


def main() -> None:
    """Run the process."""
    process.run(_NAME, AnalyticsSettings, build, {"replay": replay})


if __name__ == "__main__":
    main()
