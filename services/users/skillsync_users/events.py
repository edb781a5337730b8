"""Integration events of this service: how a feature's fact becomes one.

They hold ids, skills, kinds and states, `from` and `to`; never names, addresses or free text, so an archive of events
outlives an erasure. Their JSON Schemas are in `events/`.
"""

from datetime import datetime
from typing import Any, Protocol

from skillsync_kit.events import Event
from skillsync_kit.telemetry import current_flow, traceparent

__all__ = ["Fact", "as_event"]

_SOURCE = "/users"


class Fact(Protocol):
    """What happened to one aggregate, in the past tense. `sequence` counts the facts of one `subject`."""

    @property
    def type(self) -> str:
        """The wire name, with its version."""
        ...

    @property
    def subject(self) -> str:
        """The aggregate's id."""
        ...

    @property
    def sequence(self) -> int:
        """1, 2, 3 …"""
        ...

    @property
    def by(self) -> str | None:
        """The user who did it; None where time did."""
        ...

    @property
    def at(self) -> datetime:
        """When."""
        ...

    def data(self) -> dict[str, Any]:
        """The event's `data` on the wire."""
        ...


def as_event(fact: Fact, id: str) -> Event:
    """The event `id` that tells of a fact, within the flow of the work that is going on."""
    flow = current_flow()
    return Event(
        id=id,
        type=fact.type,
        source=_SOURCE,
        subject=fact.subject,
        sequence=fact.sequence,
        time=fact.at,
        data=fact.data(),
        actor=fact.by,
        correlation_id=flow.correlation_id,
        causation_id=flow.causation_id,
        traceparent=traceparent(),
    )
