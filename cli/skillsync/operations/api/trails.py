"""The trail of one exchange through the system, put together from what each service knows of its part.

Every moment is by the clock of the machine that noted it.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from skillsync.operations.letters import trace_id
from skillsync_kit.clock import Clock
from skillsync_kit.errors import DependencyUnavailable, NotFound, Unavailable
from skillsync_kit.internal_client import InternalService

__all__ = ["ExchangeTrails", "Silence", "Step", "Trail", "TrailEvent", "Word", "put_together"]

_PRODUCER = "transactions"
# Whose queues take the events of exchanges.
_CONSUMERS = ("users", "notifications", "analytics")
_MAILS = "notifications"

Word = Literal["received", "committed", "published", "handled", "mail-intended", "mail-sent"]


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Event(_Told):
    id: str
    type: str
    sequence: int
    traceparent: str | None
    received_at: AwareDatetime | None
    created_at: AwareDatetime
    published_at: AwareDatetime | None
    attempts: int


class _Events(_Told):
    items: list[_Event]
    more: bool


class _Handled(_Told):
    event_id: str
    processed_at: AwareDatetime


class _AllHandled(_Told):
    items: list[_Handled]


class _Mail(_Told):
    id: str
    event_id: str
    template: str
    status: str
    attempts: int
    created_at: AwareDatetime
    sent_at: AwareDatetime | None


class _Mails(_Told):
    items: list[_Mail]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to an event. `milliseconds` since its first step; the last four are of a mail."""

    what: Word
    by: str
    at: datetime
    milliseconds: float
    mail_id: str | None = None
    template: str | None = None
    status: str | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One event and its steps, the earliest first. `attempts` counts those at publishing it that failed."""

    event_id: str
    type: str
    sequence: int
    trace_id: str | None
    attempts: int
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Silence:
    """A service whose steps are missing, and why."""

    service: str
    problem: str


@dataclass(frozen=True, slots=True)
class Trail:
    """Events in the order of their sequence; `more`: older ones are left out."""

    transaction_id: str
    as_of: datetime
    events: Sequence[TrailEvent]
    more: bool
    silent: Sequence[Silence]


class ExchangeTrails:
    """Asks the services, as the worker."""

    def __init__(self, services: Mapping[str, InternalService], clock: Clock) -> None:
        self._services = services
        self._clock = clock

    async def of(self, transaction_id: str) -> Trail:
        """The trail. Raises NotFound when there is no such transaction, or it is a draft; DependencyUnavailable when
        transactions does not answer. What other services do not tell is missing, and they are named.
        """
        as_of = self._clock.now()
        try:
            events = _Events.model_validate(await self._services[_PRODUCER].get(f"/internal/trails/{transaction_id}"))
        except ValidationError as invalid:
            raise DependencyUnavailable(f"The {_PRODUCER} service's answer cannot be read.") from invalid
        if not events.items:
            raise NotFound()
        ids = [("event", event.id) for event in events.items]
        silent: dict[str, str] = {}

        async def ask(service: str, path: str) -> Any:
            try:
                told = await self._services[service].get(path, ids)
            except Unavailable as silence:
                silent[service] = silence.detail
                return {"items": []}
            if told is None:
                silent[service] = f"The {service} service does not know {path}."
            return told or {"items": []}

        mails, *handled = await asyncio.gather(
            ask(_MAILS, "/internal/mails"), *(ask(service, "/internal/processed-messages") for service in _CONSUMERS)
        )
        try:
            all_mails = _Mails.model_validate(mails).items
            all_handled = {
                service: _AllHandled.model_validate(one).items for service, one in zip(_CONSUMERS, handled, strict=True)
            }
        except ValidationError as invalid:
            raise DependencyUnavailable("A service's answer cannot be read.") from invalid
        return Trail(
            transaction_id,
            as_of,
            put_together(events.items, all_handled, all_mails),
            events.more,
            [Silence(service, problem) for service, problem in sorted(silent.items())],
        )


def put_together(
    events: Iterable[_Event], handled: Mapping[str, Sequence[_Handled]], mails: Sequence[_Mail]
) -> list[TrailEvent]:
    """Each event with what happened to it, wherever that was, in the order of time."""
    return [_trail_event(event, handled, mails) for event in events]


def _trail_event(event: _Event, handled: Mapping[str, Sequence[_Handled]], mails: Sequence[_Mail]) -> TrailEvent:
    found = sorted(_moments(event, handled, mails), key=lambda moment: moment[2])
    began = found[0][2]
    steps = [
        Step(what, by, at, round((at - began).total_seconds() * 1000, 1), *_of_mail(mail))
        for what, by, at, mail in found
    ]
    return TrailEvent(event.id, event.type, event.sequence, trace_id(event.traceparent), event.attempts, steps)


def _moments(
    event: _Event, handled: Mapping[str, Sequence[_Handled]], mails: Sequence[_Mail]
) -> Iterator[tuple[Word, str, datetime, _Mail | None]]:
    if event.received_at is not None:
        yield "received", _PRODUCER, event.received_at, None
    yield "committed", _PRODUCER, event.created_at, None
    if event.published_at is not None:
        yield "published", _PRODUCER, event.published_at, None
    for service, all_of_it in handled.items():
        for one in all_of_it:
            if one.event_id == event.id:
                yield "handled", service, one.processed_at, None
    for mail in mails:
        if mail.event_id == event.id:
            yield "mail-intended", _MAILS, mail.created_at, mail
            if mail.sent_at is not None:
                yield "mail-sent", _MAILS, mail.sent_at, mail


def _of_mail(mail: _Mail | None) -> tuple[str, str, str, int] | tuple[()]:
    return () if mail is None else (mail.id, mail.template, mail.status, mail.attempts)
