"""A dead letter: what a message in a DLQ tells of itself, and what its consumer noted when it failed."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict

UNKNOWN = "unknown"
# W3C Trace Context: version, trace id, parent id, flags.
_TRACEPARENT = re.compile("[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Letter(TypedDict):
    """One message of a DLQ, without its body.

    `receives` is SQS's count, to which every look into the DLQ adds one; `given_up_after` is the consumer's own count.
    `sent_at` and `failed_at` are ISO 8601, UTC. None stands for what neither the message nor its consumer tells.
    """

    message_id: str
    type: str | None
    subject: str | None
    event_id: str | None
    sent_at: str
    receives: int
    given_up_after: int | None
    failed_at: str | None
    reason: str
    traceparent: str | None


def read_letter(message: Mapping[str, Any], note: Mapping[str, Any] | None) -> Letter:
    """From a received message, whatever its body is, and its consumer's note of the failure."""
    event, noted = _event(message.get("Body", "")), note or {}
    attributes = message.get("Attributes", {})
    return Letter(
        message_id=message["MessageId"],
        type=event.get("type") or noted.get("type") or _attribute(message, "type"),
        subject=event.get("subject"),
        event_id=event.get("id") or noted.get("event_id"),
        sent_at=_moment(attributes.get("SentTimestamp", "0")),
        receives=int(attributes.get("ApproximateReceiveCount", "0")),
        given_up_after=noted.get("receives"),
        failed_at=noted.get("failed_at"),
        # What SNS could not deliver carries its own reason.
        reason=noted.get("reason") or _attribute(message, "ErrorMessage") or UNKNOWN,
        traceparent=event.get("traceparent") or noted.get("traceparent"),
    )


def trace_id(traceparent: str | None) -> str | None:
    """What `skillsync logs` has as `trace_id`."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return found[1] if found else None


def _event(body: str) -> dict[str, str]:
    """The texts at the top of the envelope; {} for what is no envelope at all."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _attribute(message: Mapping[str, Any], name: str) -> str | None:
    value: str | None = message.get("MessageAttributes", {}).get(name, {}).get("StringValue")
    return value


def _moment(milliseconds: str) -> str:
    # As the services write their moments.
    moment = datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
