"""The inbox: what makes a consumer idempotent. An event's id is recorded in the transaction of its effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.failpoints import failpoint
from skillsync_kit.processed_messages import ProcessedMessages
from skillsync_kit.rebuild import Handler, Rebuild
from skillsync_kit.telemetry import flow, log

__all__ = ["Handler", "Inbox"]


@dataclass(frozen=True, slots=True)
class Inbox:
    """Handles one event once: its id is recorded in the transaction of its effect.

    While its read model is being built anew, each event it handles has its effect there too, in the same transaction.
    `read` makes an event of a message's body: of another sender's than ours too, as long as a repetition has the same
    id. It raises UnreadableEvent.
    """

    name: str
    database: Database
    processed: ProcessedMessages
    handlers: Mapping[str, Handler]
    rebuild: Rebuild | None = None
    read: Callable[[str], Event] = Event.from_json

    async def receive(self, body: str) -> bool:
        """Handle the event in a message's body, once; False when it was handled before.

        Raises UnreadableEvent, or what the handler raises.
        """
        event = self.read(body)
        handler = self.handlers.get(event.type)
        if handler is None:
            raise UnreadableEvent(f"no handler for {event.type}")

        async def handle(unit: UnitOfWork) -> bool:
            # Before all else: whoever opens or ends a rebuild waits for this transaction, or this one for them.
            rebuild = self.rebuild if self.rebuild and await self.rebuild.is_open(unit) else None
            first = await self.processed.first_time(unit, self.name, event.id)
            if first:
                await handler(unit, event)
            if rebuild:
                await rebuild.receive(unit, event)
            if first:
                failpoint("after-effect")
            return first

        with flow(
            f"consume {event.type}",
            parent=event.traceparent,
            correlation_id=event.correlation_id,
            causation_id=event.id,
        ):
            first = await self.database.run(handle)
            log.info("event handled", type=event.type, event_id=event.id, subject=event.subject, repeated=not first)
        return first
