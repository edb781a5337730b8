"""What makes an OpenAPI document complete enough to write a client from, as rules that name what is missing."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from jsonschema import Draft202012Validator

__all__ = ["Operation", "faults", "operations"]

_METHODS = {"get", "put", "post", "delete", "patch"}
_PROBLEM = "application/problem+json"
_READABLE_ID = re.compile(r"[a-z]+(_[a-z]+)+")


class Operation:
    """One operation of a document."""

    def __init__(self, document: dict[str, Any], path: str, method: str) -> None:
        self.path, self.method = path, method
        self.parts: dict[str, Any] = document["paths"][path][method]
        self.name = f"{method.upper()} {path}"
        self.is_public = self.parts.get("x-access", {}).get("anonymous", 401) != 401
        self._components = document.get("components", {})

    def responses(self, first: str, last: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Its responses with a status between these two, both counted in."""
        return (found for found in self.parts["responses"].items() if first <= found[0] <= last)

    def requires(self, header: str) -> bool:
        """Whether it has such a request header, and cannot do without it."""
        return any((p["in"], p["name"], p["required"]) == ("header", header, True) for p in self.parameters)

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """Its parameters."""
        found: list[dict[str, Any]] = self.parts.get("parameters", [])
        return found

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema behind a reference, or that of the one kind that is not null."""
        kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
        if len(kinds) == 1:
            return self.resolve(kinds[0])
        if "$ref" not in schema:
            return schema
        found: dict[str, Any] = self._components["schemas"][schema["$ref"].rpartition("/")[2]]
        return found

    def examples(self, content: dict[str, Any]) -> list[Any]:
        """The examples of a media type: its own, else those of its schema, or of each kind that it may be."""
        own = [example["value"] for example in content.get("examples", {}).values()]
        schema = content.get("schema", {})
        kinds = map(self.resolve, schema.get("anyOf", [schema]))
        return own or [example for kind in kinds for example in kind.get("examples", ())]

    def mistakes(self, content: dict[str, Any]) -> Iterator[str]:
        """What is wrong with the examples of a media type."""
        found = self.examples(content)
        if not found:
            yield "no example"
        validator = Draft202012Validator({**content.get("schema", {}), "components": self._components})
        for example in found:
            yield from (f"an example breaks its schema: {error.message}" for error in validator.iter_errors(example))


Rule = Callable[[Operation], Iterator[str]]


def operations(document: dict[str, Any]) -> list[Operation]:
    """All operations of a document."""
    return [
        Operation(document, path, m) for path, methods in document["paths"].items() for m in methods.keys() & _METHODS
    ]


def faults(document: dict[str, Any]) -> list[str]:
    """What each operation lacks, one line each; empty when the document is complete."""
    found = operations(document)
    lines = [f"{operation.name}: {fault}" for operation in found for rule in _RULES for fault in rule(operation)]
    ids = [operation.parts.get("operationId", "") for operation in found]
    return sorted(lines + [f"{id}: not the id of one operation alone" for id in set(ids) if ids.count(id) > 1])


def _is_described(operation: Operation) -> Iterator[str]:
    for part in ("summary", "description"):
        if not operation.parts.get(part):
            yield f"no {part}"
    if not _READABLE_ID.fullmatch(operation.parts.get("operationId", "")):
        yield "no readable operationId"
    for parameter in operation.parameters:
        if parameter["in"] != "path" and not parameter.get("description"):
            yield f"no description of the parameter {parameter['name']}"


def _shows_its_bodies(operation: Operation) -> Iterator[str]:
    for content in operation.parts.get("requestBody", {}).get("content", {}).values():
        yield from (f"request body: {mistake}" for mistake in operation.mistakes(content))
    if not list(operation.responses("200", "299")):
        yield "no success"
    for status, response in operation.responses("200", "299"):
        for content in response.get("content", {}).values():
            yield from (f"{status}: {mistake}" for mistake in operation.mistakes(content))


def _tells_who_may_call(operation: Operation) -> Iterator[str]:
    statuses = operation.parts["responses"]
    if "x-access" not in operation.parts:
        yield "no x-access"
    if not operation.is_public and not (operation.parts.get("security") and "401" in statuses):
        yield "no 401"
    if "{" in operation.path and "404" not in statuses:
        yield "no 404"


def _asks_for_its_headers(operation: Operation) -> Iterator[str]:
    if operation.method == "post" and not operation.is_public and not operation.requires("Idempotency-Key"):
        yield "Idempotency-Key is not required"
    if operation.method in {"patch", "delete"} and not (
        operation.requires("If-Match") and {"412", "428"} <= operation.parts["responses"].keys()
    ):
        yield "If-Match is not required"


def _answers_with_its_headers(operation: Operation) -> Iterator[str]:
    if "Location" not in operation.parts["responses"].get("201", {"headers": "Location"}).get("headers", {}):
        yield "201: no header Location"
    for status, response in operation.responses("200", "299"):
        schema = operation.resolve(response.get("content", {}).get("application/json", {}).get("schema", {}))
        is_versioned = "version" in schema.get("properties", {}) and not operation.path.startswith("/internal/")
        if is_versioned and not response.get("headers", {}).get("ETag", {}).get("required"):
            yield f"{status}: no header ETag"


def _tells_its_problems(operation: Operation) -> Iterator[str]:
    for status, response in operation.responses("400", "599"):
        if response.get("content", {}).keys() != {_PROBLEM}:
            yield f"{status}: not problem details alone"
            continue
        content = response["content"][_PROBLEM]
        kinds = content.get("schema", {}).get("allOf", ())
        codes: list[str] = next((kind["properties"]["code"]["enum"] for kind in kinds if "properties" in kind), [])
        if not codes or sorted(codes) != sorted(content.get("examples", ())):
            yield f"{status}: not every code with an example"
        yield from (f"{status}: {mistake}" for mistake in operation.mistakes(content))
        if any(str(example.get("status")) != status for example in operation.examples(content)):
            yield f"{status}: an example has another status"


_RULES: list[Rule] = [
    _is_described,
    _shows_its_bodies,
    _tells_who_may_call,
    _asks_for_its_headers,
    _answers_with_its_headers,
    _tells_its_problems,
]
