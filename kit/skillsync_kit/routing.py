"""Routes that check a request in the order of docs/architecture.md: 401, 404, then 400, 415 and 422.

FastAPI reads and validates the body before a handler runs. So when that fails, the route first finds out whether the
caller may know of the thing at all: an invalid body must not tell a stranger more than a valid one.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from skillsync_kit.auth import Principal, authenticate
from skillsync_kit.errors import BadRequest, Invalid, UnsupportedMediaType
from skillsync_kit.openapi import complete_route

__all__ = ["Conceal", "Route"]

Conceal = Callable[[Request, Principal], Awaitable[None]]
"""Raises NotFound when the request's path names a thing its caller may not know of."""

_DEEPEST = 32
_MEDIA_TYPES = {"PATCH": "application/merge-patch+json"}


class Route(APIRoute):
    """The route class of every service's routers."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        complete_route(self)

    def get_route_handler(self) -> Callable[[Request], Any]:
        """FastAPI's handler, with strict JSON and the order of checks."""
        handle = super().get_route_handler()
        takes_body = self.body_field is not None
        is_public = "x-access" in (self.openapi_extra or {}) and self.openapi_extra["x-access"]["anonymous"] != 401  # type: ignore[index]

        async def handle_in_order(request: Request) -> Response:
            request = _StrictRequest(request.scope, request.receive)
            try:
                if takes_body:
                    _require_media_type(request)
                response: Response = await handle(request)
            except (RequestValidationError, HTTPException, BadRequest, Invalid, UnsupportedMediaType) as refusal:
                if not is_public:
                    await _reveal_nothing(request)
                raise refusal
            return response

        return handle_in_order


async def _reveal_nothing(request: Request) -> None:
    """Raise what outranks an invalid request: Unauthorized, or NotFound."""
    principal = await authenticate(request)
    conceal: Conceal | None = request.app.state.conceal
    if conceal is not None:
        await conceal(request, principal)


def _require_media_type(request: Request) -> None:
    if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        # Without a body there is nothing of a wrong type; whether one is needed, validation tells.
        return
    wanted = _MEDIA_TYPES.get(request.method, "application/json")
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted:
        headers = {"Accept-Patch": wanted} if request.method == "PATCH" else {}
        raise UnsupportedMediaType(f"Send the body as {wanted}.", headers=headers)


class _StrictRequest(Request):
    """Reads JSON as RFC 8259 means it: no NaN, no name twice in one object, and not nested without end."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            body = await self.body()
            try:
                self._json = json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_unique)
                # The interpreter's own limit moves with whoever calls, so what passes here may fail a few calls deeper.
                if _is_deeper(self._json, _DEEPEST):
                    raise BadRequest("The request body is nested too deeply.")
                json.dumps(self._json, ensure_ascii=False).encode()
            except UnicodeError:
                raise BadRequest("The request body holds text that is no valid Unicode.") from None
            except RecursionError:
                raise BadRequest("The request body is nested too deeply.") from None
            except json.JSONDecodeError:
                raise
            except ValueError:
                # What the interpreter refuses by itself: an integer of thousands of digits.
                raise BadRequest("The request body holds a number that is too long.") from None
        return self._json


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            item
            for holder in layer
            if isinstance(holder, dict | list)
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return bool(layer)


def _refuse_constant(name: str) -> Any:
    raise BadRequest(f"{name} is no JSON number.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise BadRequest("A name stands twice in one object of the request body.")
    return names
