"""The OpenAPI document: every status, header, problem code and example of an operation.

A route's author lists what only its use case can refuse: `responses=responses(NotYours, OfferingExists)`. The rest
follows from what the operation takes (a token, a body, `If-Match`, a cursor …), and is added by the route class.
"""

from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from http import HTTPStatus
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, TypeAdapter
from starlette.routing import BaseRoute

from skillsync_kit.errors import (
    BadRequest,
    DeadlineExceeded,
    Failure,
    Invalid,
    NotFound,
    Overloaded,
    PreconditionFailed,
    PreconditionRequired,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from skillsync_kit.problems import MEDIA_TYPE, Problem, members

__all__ = ["Api", "complete_route", "responses"]

_WITH_BODY = {"POST", "PUT", "PATCH"}
_SCHEMAS = "#/components/schemas/"
_TEXT = {"type": "string"}
_HEADERS: dict[str, dict[str, Any]] = {
    "Accept-Patch": {"description": "The media type that PATCH takes here (RFC 5789)", "schema": _TEXT},
    "Cache-Control": {"description": "Answers are for their caller alone", "schema": _TEXT},
    "ETag": {
        "description": "The thing's version, for If-Match and If-None-Match",
        "schema": {**_TEXT, "pattern": '^"[^"]+"$', "examples": ['"3"']},
    },
    "Idempotent-Replayed": {
        "description": "Present when this is the answer that an earlier equal request got",
        "schema": {**_TEXT, "const": "true"},
    },
    "Link": {
        "description": 'Where the next page is, as rel="next" (RFC 8288); absent on the last one',
        "schema": _TEXT,
    },
    "Location": {"description": "The path of what was made", "schema": {**_TEXT, "format": "uri-reference"}},
    "Retry-After": {"description": "Seconds after which to try again", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "How to authenticate", "schema": {**_TEXT, "const": "Bearer"}},
    "X-Request-Id": {"description": "Names this request in the service's log", "schema": _TEXT},
}
_SENT_ALWAYS = ("Cache-Control", "X-Request-Id")
# What a request takes tells what its answer has; these only where there is a page to follow or a replay.
_ANSWERED_WITH = {
    "If-Match": "ETag",
    "If-None-Match": "ETag",
    "Idempotency-Key": "Idempotent-Replayed",
    "cursor": "Link",
}
_SOMETIMES = {"Idempotent-Replayed", "Link"}


class Api(FastAPI):
    """An app whose document is complete."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if not self.openapi_schema:
            document = super().openapi()
            _complete(document)
            # The framework drops what is null, in examples too.
            schemas = document["components"]["schemas"]
            for model in _models(self.routes):
                schemas.get(model.__name__, {}).update(_examples_of(model))
        return self.openapi_schema or {}


class _Refusals(dict[str, Any]):
    """How one status is documented, and the failures it was made from."""

    def __init__(self, *failures: type[Failure]) -> None:
        self.failures = failures
        status = failures[0].status
        codes = {"type": "object", "properties": {"code": {"enum": sorted(failure.code for failure in failures)}}}
        super().__init__(
            description=HTTPStatus(status).phrase,
            content={
                MEDIA_TYPE: {
                    "schema": {"allOf": [{"$ref": f"{_SCHEMAS}Problem"}, codes]},
                    "examples": {f.code: {"summary": f.title, "value": _example(f)} for f in failures},
                }
            },
        )
        sent = {name for failure in failures for name in failure.sends}
        if sent:
            self["headers"] = {n: _header(n, required=all(n in f.sends for f in failures)) for n in sorted(sent)}


def responses(*failures: type[Failure]) -> dict[int | str, dict[str, Any]]:
    """How failures are documented: by status, with every code they have. Of several with one code, the first tells."""
    by_status: dict[int, dict[str, type[Failure]]] = {}
    for failure in failures:
        by_status.setdefault(failure.status, {}).setdefault(failure.code, failure)
    return {status: _Refusals(*by_code.values()) for status, by_code in sorted(by_status.items())}


def complete_route(route: APIRoute) -> None:
    """Document, besides what its author declared, what follows from what the operation takes."""
    parts = list(_parts(route.dependant))
    taken = {field.alias for part in parts for field in (*part.query_params, *part.header_params)}
    declared = [f for documented in route.responses.values() for f in getattr(documented, "failures", ())]
    route.responses = {
        route.status_code or HTTPStatus.OK.value: {"headers": _success_headers(route, taken)},
        **({304: {"headers": {"ETag": _header("ETag")}}} if "If-None-Match" in taken else {}),
        **route.responses,
        **responses(*_implied(route, parts), *declared),
    }
    if "PATCH" in _methods(route) and 415 in route.responses:
        route.responses[415]["headers"] = {"Accept-Patch": _header("Accept-Patch")}
    route.summary = route.summary or route.description.partition("\n")[0].partition(". ")[0].rstrip(".")
    route.operation_id = route.operation_id or "_".join([*map(str, route.tags[:1]), route.name])


def _methods(route: APIRoute) -> set[str]:
    return route.methods or set()


def _models(routes: Sequence[BaseRoute]) -> Iterator[type]:
    """The models that are the body of a request or an answer."""
    for context in iter_route_contexts(routes):
        if isinstance(route := context.original_route, APIRoute) and route.include_in_schema:
            for field in filter(None, (route.body_field, route.response_field)):
                kinds = get_args(field.field_info.annotation) or (field.field_info.annotation,)
                yield from (kind for kind in kinds if isinstance(kind, type) and _has_schema(kind))


def _has_schema(kind: type) -> bool:
    return issubclass(kind, BaseModel) or is_dataclass(kind)


def _examples_of(model: type) -> dict[str, Any]:
    return {name: part for name, part in TypeAdapter(model).json_schema().items() if name == "examples"}


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _parts(part)


def _implied(route: APIRoute, parts: list[Dependant]) -> Iterator[type[Failure]]:
    told = [failure for part in parts for failure in getattr(part.call, "raises", ())]
    yield from (Unavailable, Overloaded, DeadlineExceeded)
    yield from told
    if route.dependant.path_params:
        yield NotFound
    if any(part.query_params for part in parts):
        yield Invalid
    if _methods(route) & _WITH_BODY:
        yield TooLarge
    if route.body_field:
        yield from (BadRequest, UnsupportedMediaType, Invalid)
    if PreconditionFailed in told and _methods(route) & {"PATCH", "DELETE"}:
        yield PreconditionRequired


def _success_headers(route: APIRoute, taken: set[str]) -> dict[str, Any]:
    names = {header for name, header in _ANSWERED_WITH.items() if name in taken}
    if route.status_code == HTTPStatus.CREATED:
        names |= {"ETag", "Location"}
    if route.status_code == HTTPStatus.ACCEPTED and "POST" in _methods(route):
        # What is made later has its place at once.
        names.add("Location")
    if route.status_code == HTTPStatus.NO_CONTENT:
        names.discard("ETag")
    return {name: _header(name, required=name not in _SOMETIMES) for name in sorted(names)}


def _example(failure: type[Failure]) -> dict[str, Any]:
    detail = {"detail": failure.example} if failure.example else {}
    return {**members(failure), **detail, **failure.example_extra}


def _header(name: str, *, required: bool = True) -> dict[str, Any]:
    return {**_HEADERS[name], "required": required}


def _complete(document: dict[str, Any]) -> None:
    """Add what all operations share, and take out what the framework only supposes."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for supposed in ("HTTPValidationError", "ValidationError"):
        schemas.pop(supposed, None)
    problem = Problem.model_json_schema(ref_template=_SCHEMAS + "{model}", mode="serialization")
    shared = {**problem.pop("$defs"), "Problem": problem}
    if taken := shared.keys() & schemas.keys():
        raise ValueError(f"{', '.join(sorted(taken))}: a shape of the service has a name of the kit's; give it another")
    schemas.update(shared)
    components["headers"] = {name: _header(name) for name in _SENT_ALWAYS}
    for path in document["paths"].values():
        for operation in path.values():
            _complete_operation(operation)


def _complete_operation(operation: dict[str, Any]) -> None:
    if "application/json" in operation["responses"].get("422", {}).get("content", {}):
        # The framework's own: it supposes that an id in the path can be invalid, where ours is simply not found.
        del operation["responses"]["422"]
    operation["responses"] = dict(sorted(operation["responses"].items()))
    codes: set[str] = set()
    for response in operation["responses"].values():
        codes |= response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).keys()
        shared = {name: {"$ref": f"#/components/headers/{name}"} for name in _SENT_ALWAYS}
        response["headers"] = {**response.get("headers", {}), **shared}
    for parameter in operation.get("parameters", ()):
        # What is absent from a URL or from headers is absent, not null.
        kinds = [kind for kind in parameter["schema"].pop("anyOf", ()) if kind != {"type": "null"}]
        parameter["schema"] |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}
        # Optional for the framework, so that its absence is refused in the right order and by a code of its own.
        parameter["required"] = parameter["required"] or f"{parameter['name'].lower()}-required" in codes
