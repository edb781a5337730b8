"""JSON or CSV: by `format`, else by what the client accepts (RFC 9110, 12.5.1)."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from skillsync_kit.tabular import CSV

__all__ = ["Wanted", "as_csv", "as_json", "with_csv"]

_JSON = "application/json"
Format = Annotated[Literal["json", "csv"] | None, Query(description="The form; by Accept when absent")]


async def _wants_csv(request: Request, format: Format = None) -> bool:
    if format is not None:
        return format == "csv"
    accepted = request.headers.get("accept", "")
    return _quality(accepted, CSV) > _quality(accepted, _JSON)


Wanted = Annotated[bool, Depends(_wants_csv)]
"""Whether CSV is wanted."""


def with_csv(example: str) -> dict[int | str, dict[str, Any]]:
    """How the two forms of an answer are documented."""
    text = {"type": "string"}
    return {
        200: {
            "content": {CSV: {"schema": {**text, "examples": [example]}}},
            "headers": {
                "Vary": {"description": "The form depends on Accept", "schema": text, "required": True},
                "Content-Disposition": {"description": "A name for the file, with CSV", "schema": text},
            },
        }
    }


def as_json(body: BaseModel) -> Response:
    """The answer as JSON."""
    return Response(body.model_dump_json(by_alias=True), media_type=_JSON, headers={"Vary": "Accept"})


def as_csv(text: str, name: str) -> Response:
    """The answer as a file of CSV."""
    headers = {"Vary": "Accept", "Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, media_type=f"{CSV}; charset=utf-8; header=present", headers=headers)


def _quality(accepted: str, media_type: str) -> float:
    """How much a media type is wanted; what names it more exactly counts."""
    wildcard = f"{media_type.partition('/')[0]}/*"
    found = {"": 0.0} if accepted.strip() else {"*/*": 1.0}
    for part in accepted.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        found[kind] = float(weight) if weight.replace(".", "", 1).isdecimal() else 0.0
    return next((found[kind] for kind in (media_type, wildcard, "*/*") if kind in found), 0.0)
