"""Load shedding at a service's door: what cannot be done in time is refused at once, before any work.

So many requests are at work at once; of the rest so many wait, so long, by priority: changes (an exchange being
finalized) go before reads. Probes always pass. A refusal costs no routing, no token check and no database.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from skillsync_kit import deadline, metrics
from skillsync_kit.bulkhead import Bulkhead, Full
from skillsync_kit.clock import monotonic_seconds
from skillsync_kit.errors import Failure, Overloaded
from skillsync_kit.problems import problem_response

__all__ = ["Shedding"]

_AT_WORK = 40
# By rank: what it is called, how many may wait, and how long.
_PRIORITIES = ("change", "read")
_WAITING = (128, 64)
_LONGEST_WAIT_SECONDS = (0.5, 0.25)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Shedding:
    """ASGI middleware, of which each app has one. It expects requests whose body is there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._places = Bulkhead(_AT_WORK, *_WAITING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the work in a place, if there is one in time; the answer is sent once the place is given back."""
        if scope["type"] != "http" or scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        rank = int(scope["method"] in _READS)
        came: list[Message] = []
        try:
            is_in = await self._enter(rank, receive, came)
        except Failure as refusal:
            name = "requests-shed" if isinstance(refusal, Overloaded) else "requests-late"
            metrics.count(name, priority=_PRIORITIES[rank])
            await problem_response(refusal)(scope, receive, send)
            return
        if is_in:
            await self._work(scope, receive, send, came)

    async def _work(self, scope: Scope, receive: Receive, send: Send, came: list[Message]) -> None:
        answer: list[Message] = []

        async def receive_all() -> Message:
            return came.pop(0) if came else await receive()

        async def keep(message: Message) -> None:
            answer.append(message)

        metrics.level("requests-at-work", self._places.taken)
        try:
            await self._app(scope, receive_all, keep)
        finally:
            self._places.give_back()
            metrics.level("requests-at-work", self._places.taken)
        # Who reads slowly holds a connection by that, and no place.
        for message in answer:
            await send(message)

    async def _enter(self, rank: int, receive: Receive, came: list[Message]) -> bool:
        """Take a place; False when the client has gone. Raises Overloaded or DeadlineExceeded.

        What the client sent while it waited is put into `came`.
        """
        patience_seconds = deadline.remaining_seconds(_LONGEST_WAIT_SECONDS[rank])
        if self._places.take_at_once():
            return True
        began = monotonic_seconds()
        try:
            is_in = await self._wait(rank, receive, came, patience_seconds)
        except (Full, TimeoutError):
            # If it is the deadline that has passed, this says so.
            deadline.remaining_seconds(0)
            raise Overloaded("There was no room for this within its time; try again shortly.") from None
        metrics.spent("requests-waited", (monotonic_seconds() - began) * 1000, priority=_PRIORITIES[rank])
        return is_in

    async def _wait(self, rank: int, receive: Receive, came: list[Message], patience_seconds: float) -> bool:
        has_gone = False

        async def watch(patience: asyncio.Timeout) -> None:
            nonlocal has_gone
            while (message := await receive())["type"] != "http.disconnect":
                came.append(message)
            has_gone = True
            if not patience.expired():
                patience.reschedule(asyncio.get_running_loop().time())

        try:
            async with asyncio.timeout(patience_seconds) as patience:
                watching = asyncio.create_task(watch(patience))
                try:
                    await self._places.take(rank)
                finally:
                    watching.cancel()
        except TimeoutError:
            if has_gone:
                return False
            raise
        return True
