"""The job `republish`: lets the relays send a window of events once more, because the broker may have lost some.

    python -m skillsync_<service>.main republish --from MOMENT [--to MOMENT]

Consumers are idempotent: what they have had already has no effect again.
"""

import argparse
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import NoReturn

from sqlalchemy import MetaData, select, update

from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.foundation import lay
from skillsync_kit.jobs import run_job
from skillsync_kit.outbox import Outbox
from skillsync_kit.replay_job import moment
from skillsync_kit.settings import Settings
from skillsync_kit.telemetry import log

__all__ = ["republish", "run_republish"]

_BATCH = 500


def run_republish(name: str, kind: type[Settings], metadata: MetaData, arguments: Sequence[str]) -> NoReturn:
    """Run the job for the service `name`, over its tables."""
    parser = argparse.ArgumentParser(prog="republish", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="since", type=moment, required=True, help="events written at this moment on")
    parser.add_argument("--to", dest="until", type=moment, help="and before this one; before now when absent")
    chosen = parser.parse_args(arguments)

    async def work(stack: AsyncExitStack, settings: Settings) -> int:
        base = lay(stack, settings, name, metadata)
        if base.outbox is None:
            raise RuntimeError(f"{name} has no outbox")
        await republish(base.database, base.outbox, since=chosen.since, until=chosen.until or base.clock.now())
        return 0

    run_job(f"{name}-republish", kind, work)


async def republish(database: Database, outbox: Outbox, *, since: datetime, until: datetime) -> int:
    """Mark what was published and written from `since` to `until` (not included) as pending again. How many events.

    A batch is one short transaction. Killed and run again, it sends some of them another time; nothing else.
    """
    row = outbox.table.c
    last_id, count = "", 0

    async def mark(unit: UnitOfWork) -> list[str]:
        batch = (
            select(row.id)
            .where(row.id > last_id, row.created_at >= since, row.created_at < until, row.published_at.is_not(None))
            .order_by(row.id)
            .limit(_BATCH)
        )
        ids = list((await unit.connection.execute(batch)).scalars())
        if ids:
            pending = update(outbox.table).where(row.id.in_(ids)).values(published_at=None, claimed_until=None)
            await unit.connection.execute(pending)
        return ids

    while ids := await database.run(mark):
        last_id, count = ids[-1], count + len(ids)
        log.info("republish progress", events=count)
    log.info("republished", events=count)
    return count
