"""Problem details (RFC 9457): the one place where failures become HTTP, the framework's own included."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from skillsync_kit.errors import BadRequest, Failure, FieldError, Invalid, NotFound
from skillsync_kit.telemetry import log

__all__ = ["MEDIA_TYPE", "Problem", "install", "members", "mistake_response", "problem_response"]

_TYPE = "https://skillsync.example/problems/"
_MOST_FIELDS = 20
MEDIA_TYPE = "application/problem+json"
_LOCATIONS = {"query": "the query", "header": "the headers", "path": "the path"}


class ProblemField(BaseModel):
    """One field that broke a rule."""

    pointer: str = Field(description="A JSON pointer (RFC 6901) into the body; else where it is, and its name")
    detail: str = Field(description="The rule, in words")


class Problem(BaseModel):
    """The body of every error a service answers with (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A stable URI of the kind of problem")
    title: str = Field(description="The kind of problem, in words")
    status: int
    code: str = Field(description="The kind of problem, for programs")
    detail: str = Field(default="", description="What is wrong here, and what to do next")
    errors: list[ProblemField] = Field(default_factory=list, description="The fields that broke a rule, 20 at the most")


def members(failure: type[Failure]) -> dict[str, Any]:
    """What the answers to one kind of failure have in common."""
    return {"type": _TYPE + failure.code, "title": failure.title, "status": failure.status, "code": failure.code}


def problem_response(failure: Failure) -> JSONResponse:
    """The answer that tells of a failure."""
    body = members(type(failure))
    if failure.detail:
        body["detail"] = failure.detail
    if failure.errors:
        body["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in failure.errors]
    return JSONResponse(body | failure.extra, failure.status, failure.headers, MEDIA_TYPE)


def mistake_response(mistake: Exception) -> JSONResponse:
    """The answer to a mistake of ours: logged whole, told without a word of its cause."""
    log.error("unhandled error", error=type(mistake).__name__, exc_info=mistake)
    return problem_response(Failure())


def install(app: FastAPI) -> None:
    """Let every error of this app leave as problem details."""
    app.add_exception_handler(Failure, _on_failure)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_framework)


async def _on_failure(_: Request, failure: Exception) -> JSONResponse:
    if not isinstance(failure, Failure):
        raise TypeError("a handler for failures got something else") from failure
    return problem_response(failure)


async def _on_invalid(_: Request, invalid: Exception) -> JSONResponse:
    if not isinstance(invalid, RequestValidationError):
        raise TypeError("a handler for invalid requests got something else") from invalid
    return problem_response(as_failure(invalid))


def as_failure(invalid: RequestValidationError) -> Failure:
    """What an invalid request is told: 404 for a path that nothing can have, 400 for what is no JSON, else 422."""
    errors = invalid.errors()
    if any(error["loc"][:1] == ("path",) for error in errors):
        return NotFound()
    if any(error["type"] == "json_invalid" for error in errors):
        return BadRequest("The request body is no valid JSON.")
    fields = tuple(FieldError(_pointer(error["loc"]), error["msg"]) for error in errors[:_MOST_FIELDS])
    return Invalid(f"{fields[0].pointer or 'The body'}: {fields[0].detail}", errors=fields)


async def _on_framework(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise TypeError("a handler for the framework's errors got something else") from error
    if isinstance(error.__cause__, Failure):
        # The framework wraps what was raised while it read the body.
        return problem_response(error.__cause__)
    phrase = HTTPStatus(error.status_code).phrase
    body = {"type": _TYPE + _code(phrase), "title": phrase, "status": error.status_code, "code": _code(phrase)}
    if error.status_code == NotFound.status:
        # A path that is no route reads like a thing that does not exist.
        return problem_response(NotFound())
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _methods_of_path(request)
    return JSONResponse(body, error.status_code, headers, MEDIA_TYPE)


def _methods_of_path(request: Request) -> str:
    """The methods of every route with the request's path: the framework's `Allow` names those of one route alone."""
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    found = [method for path, methods in paths.items() if _is_of(path, request.url.path) for method in methods]
    return ", ".join(sorted(method.upper() for method in found))


def _is_of(pattern: str, path: str) -> bool:
    return compile_path(pattern)[0].fullmatch(path) is not None


def _code(phrase: str) -> str:
    return phrase.lower().replace(" ", "-")


def _pointer(location: Iterable[Any]) -> str:
    """A JSON pointer into the body; for what is not in the body, where it is and its name."""
    where, *rest = location
    if where in _LOCATIONS:
        return f"{_LOCATIONS[where]}: {'.'.join(map(str, rest))}"
    # A name that breaks a rule is located as "[key]" under itself.
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in rest if part != "[key]")
