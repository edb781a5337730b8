"""Failures a caller can do something about: one class each, translated to HTTP in `problems` and nowhere else.

Status codes follow the table of docs/architecture.md. This module imports no framework, so entities may use it.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

__all__ = [
    "BadRequest",
    "Conflict",
    "DeadlineExceeded",
    "DependencyUnavailable",
    "Failure",
    "FieldError",
    "Forbidden",
    "Invalid",
    "NotFound",
    "Overloaded",
    "PreconditionFailed",
    "PreconditionRequired",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "UnsupportedMediaType",
    "raises",
]

Function = TypeVar("Function", bound=Callable[..., Any])


class FieldError:
    """One field that broke a rule: its JSON pointer (RFC 6901) into the request body, and the rule in words."""

    __slots__ = ("detail", "pointer")

    def __init__(self, pointer: str, detail: str) -> None:
        self.pointer = pointer
        self.detail = detail


class Failure(Exception):
    """A refusal with a stable `code`. `detail` says what to do next; `extra` are further members of the answer.

    For the OpenAPI document: `sends` names the headers that every such answer has; `example` is a detail as it could
    be, `example_extra` further members. A class with a code of its own that gives no example is told by its docstring.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong on our side"
    sends: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[str] = ""
    example_extra: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        # An example belongs to its code, and is not inherited by another.
        if "code" in vars(cls) and "example" not in vars(cls):
            cls.example = (cls.__doc__ or "").partition("\n")[0]
        if "code" in vars(cls) and "example_extra" not in vars(cls):
            cls.example_extra = {}

    def __init__(
        self,
        detail: str = "",
        *,
        errors: tuple[FieldError, ...] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = errors
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


class BadRequest(Failure):
    """The request cannot be read."""

    status, code, title = 400, "bad-request", "The request cannot be read"
    example = "The request body is no valid JSON."


class Unauthorized(Failure):
    """No token, or none that can be trusted."""

    status, code, title = 401, "unauthorized", "A valid access token is needed"
    sends = ("WWW-Authenticate",)
    example = "Send an access token as 'Authorization: Bearer …'."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Failure):
    """The caller may see the thing, but may not do this to it."""

    status, code, title = 403, "forbidden", "You may not do this"
    example = "Only people may call this."


class NotFound(Failure):
    """There is no such thing, or none the caller may know of: both get the same answer."""

    status, code, title = 404, "not-found", "There is no such thing"
    example = ""


class Conflict(Failure):
    """The thing's present state does not allow this."""

    status, code, title = 409, "conflict", "The present state does not allow this"


class PreconditionFailed(Failure):
    """`If-Match` names a version that is no longer the present one (RFC 9110, 13.1.1)."""

    status, code, title = 412, "stale", "The thing was changed since you read it"
    sends = ("ETag",)
    example = "Read it again, and send If-Match with its present ETag."
    example_extra: ClassVar[Mapping[str, Any]] = {"version": 3}


class TooLarge(Failure):
    """The request body is over its limit."""

    status, code, title = 413, "too-large", "The request body is too large"
    example = "At most 262144 bytes are taken."


class UnsupportedMediaType(Failure):
    """The request body has another media type than the route takes."""

    status, code, title = 415, "unsupported-media-type", "The request body has the wrong media type"
    example = "Send the body as application/json."


class Invalid(Failure):
    """Well-formed, but some field breaks a rule."""

    status, code, title = 422, "invalid", "Some fields break a rule"
    example = "/name: String should have at most 60 characters"
    example_extra: ClassVar[Mapping[str, Any]] = {
        "errors": [{"pointer": "/name", "detail": "String should have at most 60 characters"}]
    }


class PreconditionRequired(Failure):
    """`If-Match` is missing where it is required (RFC 6585, 3)."""

    status, code, title = 428, "if-match-required", "If-Match with the version you read is needed"
    example = "Send If-Match with the ETag you read."


class Unavailable(Failure):
    """Not now: the caller may try again after `retry_after_seconds`."""

    status, code, title = 503, "unavailable", "Not available at this moment"
    sends = ("Retry-After",)
    example = "The database does not answer; try again shortly."

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})


class DependencyUnavailable(Unavailable):
    """Another service that this request needs does not answer."""

    code, title = "dependency-unavailable", "A service this request needs does not answer"
    example = "The users service does not answer."


class Overloaded(Unavailable):
    """More is asked of this service than it can do: the request was refused before any work."""

    code, title = "overloaded", "The service has too much to do"
    example = "There was no room for this within its time; try again shortly."


class DeadlineExceeded(Unavailable):
    """The caller's deadline has passed: the work is refused, for nobody waits for it."""

    code, title = "deadline-exceeded", "The deadline of the request has passed"
    example = "The caller no longer waits for this."


def raises(*failures: type[Failure]) -> Callable[[Function], Function]:
    """Tell which failures a dependency of routes can raise; each operation that uses it documents them."""

    def mark(function: Function) -> Function:
        function.raises = failures  # type: ignore[attr-defined]
        return function

    return mark
