"""Waiting that ends when one is told to stop."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["pause", "unless"]

Result = TypeVar("Result")


async def pause(stopping: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stopping` is set."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


async def unless(stopping: asyncio.Event, work: Awaitable[Result]) -> Result | None:
    """What the work gives, or raises; None when `stopping` is set before, and the work is cancelled."""
    doing, stop = asyncio.ensure_future(work), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({doing, stop}, return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        doing.cancel()
        stop.cancel()
