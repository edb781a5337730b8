"""Integration events on the wire: CloudEvents 1.0 in structured JSON, with SkillSync's extensions.

Source: CloudEvents 1.0.2 (core and JSON format), Distributed Tracing and Sequence extensions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

__all__ = ["Event", "UnreadableEvent"]


class UnreadableEvent(Exception):
    """A message is no event this system could have published; it belongs in the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact that other services may know. `sequence` counts the events of one `subject`: 1, 2, 3 …"""

    id: str
    type: str
    source: str
    subject: str
    sequence: int
    time: datetime
    data: Mapping[str, Any]
    actor: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None

    def to_json(self) -> str:
        """The CloudEvents envelope as JSON text; attributes that are not known are left out, not null."""
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "type": self.type,
            "source": self.source,
            "subject": self.subject,
            "time": self.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "dataschema": f"{self.source}/events/{self.type}.json",
            "sequence": self.sequence,
            "actor": self.actor,
            "correlationid": self.correlation_id,
            "causationid": self.causation_id,
            "traceparent": self.traceparent,
            "data": dict(self.data),
        }
        return to_json({name: value for name, value in envelope.items() if value is not None}).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Event":
        """The event in a message's body. Unknown attributes are passed over. Raises UnreadableEvent."""
        try:
            envelope = _Envelope.model_validate_json(text)
        except ValidationError as invalid:
            problems = ", ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in invalid.errors()[:3])
            raise UnreadableEvent(problems) from None
        return cls(
            id=envelope.id,
            type=envelope.type,
            source=envelope.source,
            subject=envelope.subject,
            sequence=envelope.sequence,
            time=envelope.time,
            data=envelope.data,
            actor=envelope.actor,
            correlation_id=envelope.correlationid,
            causation_id=envelope.causationid,
            traceparent=envelope.traceparent,
        )


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="ignore")

    specversion: str = Field(pattern=r"^1\.")
    id: str = Field(min_length=1, max_length=64)
    type: str = Field(min_length=1, max_length=128)
    source: str
    subject: str = Field(min_length=1, max_length=64)
    sequence: int = Field(ge=1)
    time: AwareDatetime
    data: dict[str, Any]
    actor: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
