"""Why a consumer failed on a message: its service noted it, and is asked."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from skillsync.operations.services import Services, Silent

# As many as one request may name.
_IDS = 100


class _Note(BaseModel):
    model_config = ConfigDict(extra="ignore")

    message_id: str
    reason: str
    receives: int
    failed_at: str
    event_id: str | None = None
    type: str | None = None
    traceparent: str | None = None


class _Notes(BaseModel):
    model_config = ConfigDict(extra="ignore")

    items: list[_Note]


def notes(services: Services, service: str, message_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the service noted, by message id; nothing of what it does not know, nothing at all when it is silent."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(message_ids), _IDS):
        query = [("id", id) for id in message_ids[start : start + _IDS]]
        try:
            answer = _Notes.model_validate(services.get(service, "/internal/failed-messages", query))
        except (Silent, ValidationError):
            break
        found.update((note.message_id, note.model_dump()) for note in answer.items)
    return found
