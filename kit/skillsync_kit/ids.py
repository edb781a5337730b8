"""Identifiers: UUIDv7 (RFC 9562) in canonical text, so that ids sort by the time they were made."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from uuid_utils import uuid7

__all__ = ["Id", "canonical_id", "new_id"]


def new_id() -> str:
    """A new UUIDv7, 36 lower-case characters."""
    return str(uuid7())


def canonical_id(text: str) -> str:
    """The canonical form of a UUID's text. Raises ValueError when it is none."""
    return str(UUID(text))


Id = Annotated[
    str,
    StringConstraints(max_length=36, min_length=36),
    Field(json_schema_extra={"format": "uuid", "examples": ["0190c5d4-8f6e-7000-8000-000000000020"]}),
    AfterValidator(canonical_id),
]
"""A UUID in a request: any case is taken, the canonical lower case is kept."""
