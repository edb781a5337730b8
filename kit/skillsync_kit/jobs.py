"""One-off jobs: work beside the running processes that ends by itself, such as a replay.

    python -m skillsync_<service>.main <job> …

A job's log lines are its output, on stdout. It ends with status 0, or as it says itself; with 1 and one line on stderr
when it failed in a way that its operator can mend; with 130 at Ctrl-C.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import NoReturn, TypeVar

import uvloop

from skillsync_kit import failpoints, settings, telemetry
from skillsync_kit.errors import Failure

__all__ = ["JobFailed", "run_job"]

SomeSettings = TypeVar("SomeSettings", bound=settings.Settings)
Work = Callable[[AsyncExitStack, SomeSettings], Awaitable[int]]


class JobFailed(Exception):
    """What the operator is told, in one line."""


def run_job(name: str, kind: type[SomeSettings], work: Work[SomeSettings]) -> NoReturn:
    """Do the work and exit with the status it returns. A setting that is wrong: one line, exit status 2."""
    chosen = settings.load(kind)
    # Whatever level the service logs at: here the lines are what the operator waits for.
    telemetry.configure(name)
    failpoints.configure(chosen.failpoints, name)

    async def whole() -> int:
        async with AsyncExitStack() as stack:
            return await work(stack, chosen)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            status = runner.run(whole())
    except (JobFailed, Failure) as failure:
        sys.stderr.write(f"{failure}\n")
        status = 1
    except KeyboardInterrupt:
        status = 130
    raise SystemExit(status)
