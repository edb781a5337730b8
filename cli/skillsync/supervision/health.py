"""Follows the health of one life of a process."""

import asyncio
import time
from collections.abc import Callable

from skillsync.supervision.probe import probe
from skillsync.supervision.specification import Pace, Specification


async def watch(specification: Specification, pid: int, pace: Pace, note_ready: Callable[[bool], None]) -> None:
    """Call `note_ready` after each probe of the process `pid`, for ever; return only when it has to be killed.

    That is: it did not get ready in time, or, once ready, its event loop no longer turns. Being live but not ready is
    no reason. What another process answers at the same address says nothing of this one.
    """
    started = last_answer = time.monotonic()
    was_ready = False
    while True:
        answer = await probe(specification.ready_url, pace.probe_timeout_seconds)
        is_own = answer is not None and answer.is_of(pid)
        ready = answer is not None and is_own and answer.status == 200
        live = is_own or (
            answer is None and await probe(specification.live_url, pace.probe_timeout_seconds) is not None
        )
        now = time.monotonic()
        last_answer = now if live else last_answer
        was_ready = was_ready or ready
        if is_own or answer is None:
            note_ready(ready)
        if was_ready and now - last_answer > pace.silence_seconds:
            return
        if not was_ready and now - started > pace.start_seconds:
            return
        await asyncio.sleep(pace.ready_interval_seconds if ready else pace.starting_interval_seconds)


async def _lives(specification: Specification, pace: Pace) -> bool:
    return await probe(specification.live_url, pace.probe_timeout_seconds) is not None
