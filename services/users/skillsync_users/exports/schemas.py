"""Response shapes of exports."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from skillsync_users.exports.entities import Export, ExportProblem, ExportState

__all__ = ["ExportList", "ExportRepresentation", "represent", "represent_all"]

_EXAMPLE: JsonDict = {
    "id": "0190c5d4-8f6e-7000-8000-000000000050",
    "state": "ready",
    "created_at": "2030-01-01T12:00:00Z",
    "finished_at": "2030-01-01T12:00:04Z",
    "expires_at": "2030-01-08T12:00:04Z",
    "content_bytes": 48213,
    "file_bytes": 9120,
    "problem": None,
}


class ExportRepresentation(BaseModel):
    """A request for what is kept about the caller, and what became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    state: ExportState
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="Until when the file can be fetched, once it is ready")
    content_bytes: int | None = Field(description="What the rows take as JSON")
    file_bytes: int | None = Field(description="What the ZIP takes")
    problem: ExportProblem | None = Field(
        description="Why it failed: a service did not answer for hours, or there is more than a file may hold"
    )


class ExportList(BaseModel):
    """The caller's exports, the newest first, at most fifty."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE]}]})

    items: list[ExportRepresentation]


def represent(export: Export) -> ExportRepresentation:
    """An export as its owner is shown it."""
    return ExportRepresentation.model_validate(export, from_attributes=True)


def represent_all(exports: Sequence[Export]) -> ExportList:
    """Exports as their owner is shown them."""
    return ExportList(items=[represent(export) for export in exports])
