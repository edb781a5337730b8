"""Takes down why a message failed, without ever being in the way of the message itself."""

import asyncio
import traceback

from skillsync_kit.database import Database
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.failed_messages import FailedMessages
from skillsync_kit.telemetry import log

__all__ = ["reason_of", "record_failure"]

_SECONDS = 5
_TRACEPARENT_LENGTH = 55


async def record_failure(
    failed: FailedMessages,
    database: Database,
    error: Exception,
    *,
    consumer: str,
    message_id: str,
    body: str,
    receives: int,
) -> None:
    """Write the failure down in a unit of work of its own. Best effort: never raises, and takes 5 s at most."""
    event = _event_in(body)
    trace = event.traceparent if event else None
    try:
        async with asyncio.timeout(_SECONDS):
            await database.run(
                lambda unit: failed.record(
                    unit,
                    consumer=consumer,
                    message_id=message_id,
                    reason=reason_of(error),
                    receives=receives,
                    event_id=event.id if event else None,
                    type=event.type if event else None,
                    traceparent=trace if trace and len(trace) <= _TRACEPARENT_LENGTH else None,
                )
            )
    except Exception as trouble:
        log.warning("failure not recorded", message_id=message_id, error=type(trouble).__name__)


def reason_of(error: Exception) -> str:
    """Why a message failed, in one line: the error's class, and where it was raised.

    Never the error's own text, which may hold what people wrote; but for UnreadableEvent, whose text is ours.
    """
    name = type(error).__name__
    if isinstance(error, UnreadableEvent):
        return f"{name}: {error}"
    places = [
        f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_name}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    # The innermost line of ours: a library's own says less.
    ours = [place for place in places if place.startswith("skillsync_")]
    return f"{name} at {(ours or places)[-1]}" if places else name


def _event_in(body: str) -> Event | None:
    try:
        return Event.from_json(body)
    except UnreadableEvent:
        return None
