"""Dead letters moved back to their queue: bounded, one redrive of a DLQ at a time, once under a key.

The effect lies in SQS and in no transaction of ours, so a record of it cannot be kept with it, as a service keeps its
own: a process that dies between the two moves what is there once more when it is asked again. That is harmless, for
consumers recognise an event.
"""

import asyncio
import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from skillsync.errors import Problem
from skillsync.operations.aws import Messaging, aws_problems
from skillsync.operations.dead_letters import DeadLetterQueue, dead_letter_queues, depth, each, send_back
from skillsync.operations.hold import Hold, Message
from skillsync_kit.cache import Cache
from skillsync_kit.errors import Conflict, DependencyUnavailable, NotFound
from skillsync_kit.idempotency import IdempotencyKey, KeyReused
from skillsync_kit.telemetry import log

__all__ = ["AT_MOST", "RedriveInProgress", "Redriven", "Redrives"]

AT_MOST = 100
"""Messages of one request: at 50 a second they are moved within the edge's patience."""

_KEPT_SECONDS = 24 * 3600


class RedriveInProgress(Conflict):
    """Messages of this DLQ are being moved at this moment."""

    code, title = "redrive-in-progress", "Messages of this queue are being moved back already"
    sends = ("Retry-After",)
    example = "Look at the queue again in a moment."

    def __init__(self) -> None:
        super().__init__(self.example, headers={"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class Redriven:
    """What a redrive did: how many it moved, and how many are in the DLQ now. `replayed`: this was told before."""

    queue: str
    moved: int
    left: int
    replayed: bool = False


class Redrives:
    """The redrives of this process."""

    def __init__(self, *, messaging: Messaging, sqs: Any, cache: Cache) -> None:
        self._dlqs = dead_letter_queues(messaging)
        self._endpoint = messaging["aws_endpoint"]
        self._sqs = sqs
        self._cache = cache
        self._going_on: dict[str, tuple[IdempotencyKey, asyncio.Task[Redriven]]] = {}

    async def redrive(self, queue: str, key: IdempotencyKey) -> Redriven:
        """Move at most AT_MOST messages of this DLQ back; under a key that was used, tell what was done then.

        Raises NotFound for a DLQ that is not there, RedriveInProgress, KeyReused, and DependencyUnavailable when SQS
        does not answer: then some may have been moved.
        """
        dlq = self._dlqs.get(queue)
        if dlq is None:
            raise NotFound()
        if queue not in self._going_on:
            task = asyncio.create_task(self._once(dlq, key))
            self._going_on[queue] = key, task
            task.add_done_callback(lambda _: self._going_on.pop(queue))
        first, task = self._going_on[queue]
        if first != key:
            raise RedriveInProgress()
        # Who asks may hang up: what was begun is finished, and kept for the repetition.
        return await asyncio.shield(task)

    async def _once(self, dlq: DeadLetterQueue, key: IdempotencyKey) -> Redriven:
        # By a digest: a key may be long, and holds what the client likes.
        name = hashlib.sha256(f"{key.principal} {key.method} {key.key}".encode()).hexdigest()
        kept = (await self._cache.get_many([name], dict[str, Any])).get(name)
        if kept is not None:
            if kept["fingerprint"] != key.fingerprint:
                raise KeyReused("Use a new key for a new request; repeat a request unchanged.")
            return Redriven(kept["queue"], kept["moved"], kept["left"], replayed=True)
        try:
            done = await asyncio.to_thread(self._move, dlq)
        except Problem as problem:
            log.warning("redrive failed", queue=dlq.name, by=key.principal, problem=str(problem))
            raise DependencyUnavailable("SQS does not answer; look at what was moved before trying again.") from problem
        log.info("redriven", queue=dlq.name, by=key.principal, moved=done.moved, left=done.left)
        await self._cache.set_many({name: {**asdict(done), "fingerprint": key.fingerprint}}, seconds=_KEPT_SECONDS)
        return done

    def _move(self, dlq: DeadLetterQueue) -> Redriven:
        def back(hold: Hold, message: Message) -> None:
            send_back(self._sqs, hold, dlq, message)

        with aws_problems(self._endpoint):
            moved = each(self._sqs, dlq, back, lambda done, total: None, at_most=AT_MOST)
            return Redriven(dlq.name, len(moved), depth(self._sqs, dlq.url))
