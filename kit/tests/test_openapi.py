"""The OpenAPI document: what an operation takes tells what it can answer; nothing in it is left to guess."""

import copy
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

import pytest
from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, create_model
from pydantic.config import JsonDict

from skillsync_kit.app import Health, create_app
from skillsync_kit.auth import Person, Principal, access, public, worker_scope
from skillsync_kit.clock import SystemClock
from skillsync_kit.errors import Conflict, Forbidden, NotFound, Unavailable
from skillsync_kit.etags import IfMatch, IfNoneMatch
from skillsync_kit.idempotency import IdempotencyKey
from skillsync_kit.ids import Id
from skillsync_kit.openapi import responses
from skillsync_kit.pagination import Cursor, Limit
from skillsync_kit.routing import Route
from skillsync_kit.testing import UserPool
from skillsync_testing.openapi import faults

EXAMPLE: JsonDict = {"id": "0190c5d4-8f6e-7000-8000-000000000001", "version": 1, "note": None}
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]


class Written(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": None}]})

    note: str | None = None


class Thing(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    version: int
    note: str | None


class ThingPage(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXAMPLE], "next": None}]})

    items: list[Thing]
    next: str | None


class Used(Conflict):
    """The thing is in use."""

    code, title = "used", "Somebody uses it"


class Locked(Conflict):
    """It is locked for a while."""

    code, title = "locked", "It is locked"
    sends = ("Retry-After",)
    example = "Wait a moment."
    example_extra: ClassVar[Mapping[str, Any]] = {"until": "noon"}


class ThingNotFound(NotFound):
    """There is no thing of that id."""


@pytest.fixture(scope="module")
def document(pool: UserPool) -> dict[str, Any]:
    router = APIRouter(route_class=Route, tags=["things"])
    row = access(owner=200)

    @router.post("/v1/things", status_code=201, openapi_extra=row)
    async def make(body: Written, by: Person, key: Key) -> Thing:
        """Make a thing. It is empty at first."""
        raise NotImplementedError

    @router.get("/v1/things", openapi_extra=row)
    async def page(by: Person, limit: Limit = 20, cursor: Cursor = None) -> ThingPage:
        """All things."""
        raise NotImplementedError

    @router.get("/v1/things/{id}", openapi_extra=row)
    async def read(id: Id, by: Person, held: IfNoneMatch) -> Thing:
        """One thing."""
        raise NotImplementedError

    @router.patch("/v1/things/{id}", responses=responses(ThingNotFound, Used, Locked), openapi_extra=row)
    async def change(
        id: Id, body: Annotated[Written, Body(media_type="application/merge-patch+json")], by: Person, expected: IfMatch
    ) -> Thing:
        """Change a thing."""
        raise NotImplementedError

    @router.delete("/v1/things/{id}", status_code=204, openapi_extra=row)
    async def delete(id: Id, by: Person, expected: IfMatch) -> None:
        """Take it away."""

    @router.post("/v1/things/{id}/use", openapi_extra=row)
    async def use(id: Id, by: Person, key: Key, expected: IfMatch, body: Written | None = None) -> Thing:
        """Use it."""
        raise NotImplementedError

    @router.get("/internal/things", openapi_extra=row)
    async def look(worker: Annotated[Principal, Depends(worker_scope("look"))]) -> ThingPage:
        """For workers."""
        raise NotImplementedError

    @router.get("/v1/open", openapi_extra=public())
    async def read_openly(q: Annotated[str | int | None, Query(description="Words")] = None) -> ThingPage:
        """For everyone."""
        raise NotImplementedError

    app = create_app(
        "things", health=Health(), verifier=pool.verifier(SystemClock()), routers=[router], state={}, conceal=None
    )
    return app.openapi()


def statuses(document: dict[str, Any], method: str, path: str) -> list[int]:
    return [int(status) for status in document["paths"][path][method]["responses"]]


def response(document: dict[str, Any], method: str, path: str, status: int) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][path][method]["responses"][str(status)]
    return found


def codes(document: dict[str, Any], method: str, path: str, status: int) -> list[str]:
    schema = response(document, method, path, status)["content"]["application/problem+json"]["schema"]
    found: list[str] = schema["allOf"][1]["properties"]["code"]["enum"]
    return found


def test_what_an_operation_takes_tells_what_it_can_answer(document: dict[str, Any]) -> None:
    assert {
        f"{method} {path}": statuses(document, method, path)
        for path, methods in document["paths"].items()
        for method in methods
    } == {
        "post /v1/things": [201, 400, 401, 403, 409, 413, 415, 422, 503],
        "get /v1/things": [200, 401, 403, 422, 503],
        "get /v1/things/{id}": [200, 304, 401, 403, 404, 503],
        "patch /v1/things/{id}": [200, 400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503],
        "delete /v1/things/{id}": [204, 401, 403, 404, 412, 428, 503],
        "post /v1/things/{id}/use": [200, 400, 401, 403, 404, 409, 412, 413, 415, 422, 503],
        "get /internal/things": [200, 401, 404, 503],
        "get /v1/open": [200, 422, 503],
    }
    assert codes(document, "post", "/v1/things", 400) == ["bad-request", "idempotency-key-required"]
    assert codes(document, "post", "/v1/things", 422) == ["idempotency-key-reused", "invalid"]
    assert codes(document, "get", "/v1/things", 503) == [
        "deadline-exceeded",
        "dependency-unavailable",
        "overloaded",
        "unavailable",
    ]


def test_what_the_author_lists_is_told_with_it(document: dict[str, Any]) -> None:
    refused = response(document, "patch", "/v1/things/{id}", 409)
    assert codes(document, "patch", "/v1/things/{id}", 409) == ["locked", "used"]
    examples = refused["content"]["application/problem+json"]["examples"]
    assert examples["used"]["value"]["detail"] == "The thing is in use."
    assert examples["locked"]["value"] == {
        "type": "https://skillsync.example/problems/locked",
        "title": "It is locked",
        "status": 409,
        "code": "locked",
        "detail": "Wait a moment.",
        "until": "noon",
    }
    # Not every 409 of this operation has it.
    assert refused["headers"]["Retry-After"]["required"] is False


def test_answers_have_the_headers_that_belong_to_them(document: dict[str, Any]) -> None:
    def headers(method: str, path: str, status: int) -> dict[str, bool]:
        found = response(document, method, path, status)["headers"]
        assert found.keys() > {"Cache-Control", "X-Request-Id"}
        return {name: header["required"] for name, header in found.items() if "$ref" not in header}

    one = "/v1/things/{id}"
    assert headers("post", "/v1/things", 201) == {"ETag": True, "Location": True, "Idempotent-Replayed": False}
    assert headers("get", "/v1/things", 200) == {"Link": False}
    assert headers("get", one, 200) == headers("get", one, 304) == headers("patch", one, 200) == {"ETag": True}
    assert headers("patch", one, 401) == {"WWW-Authenticate": True}
    assert headers("patch", one, 412) == {"ETag": True}
    assert headers("patch", one, 415) == {"Accept-Patch": True}
    assert headers("patch", one, 503) == {"Retry-After": True}
    assert "ETag" not in response(document, "delete", one, 204)["headers"]


def test_a_header_whose_absence_is_refused_is_required(document: dict[str, Any]) -> None:
    def required(method: str, path: str) -> dict[str, bool]:
        return {p["name"]: p["required"] for p in document["paths"][path][method]["parameters"] if p["in"] == "header"}

    assert required("patch", "/v1/things/{id}") == required("delete", "/v1/things/{id}") == {"If-Match": True}
    assert required("post", "/v1/things/{id}/use") == {"Idempotency-Key": True, "If-Match": False}
    assert required("get", "/v1/things/{id}") == {"If-None-Match": False}


def test_no_parameter_can_be_null(document: dict[str, Any]) -> None:
    (words,) = document["paths"]["/v1/open"]["get"]["parameters"]
    assert words["schema"]["anyOf"] == [{"type": "string"}, {"type": "integer"}]
    for path in document["paths"].values():
        for operation in path.values():
            assert "null" not in str(operation.get("parameters"))


def test_ids_and_summaries_are_readable(document: dict[str, Any]) -> None:
    make = document["paths"]["/v1/things"]["post"]
    assert (make["operationId"], make["summary"]) == ("things_make", "Make a thing")
    assert make["description"] == "Make a thing. It is empty at first."


def test_schemas_have_plain_names_and_examples_keep_their_nulls(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas.keys() == {"Problem", "ProblemField", "Thing", "ThingPage", "Written"}
    assert schemas["ThingPage"]["examples"] == [{"items": [EXAMPLE], "next": None}]
    assert schemas["Written"]["examples"] == [{"note": None}]


def test_a_shape_with_a_name_of_the_kits_is_refused(pool: UserPool) -> None:
    router = APIRouter(route_class=Route, tags=["things"])

    @router.get("/v1/things", response_model=create_model("Problem", why=(str, ...)), openapi_extra=public())
    async def look() -> None:
        """Look."""

    app = create_app("things", health=Health(), verifier=pool.verifier(SystemClock()), routers=[router], state={})
    with pytest.raises(ValueError, match=r"^Problem: a shape of the service has a name of the kit's"):
        app.openapi()


def test_of_failures_with_one_code_the_first_tells() -> None:
    documented = responses(NotFound, ThingNotFound, Unavailable, Forbidden)
    assert list(documented) == [403, 404, 503]
    example = documented[404]["content"]["application/problem+json"]["examples"]["not-found"]["value"]
    # A missing thing is told without a detail.
    assert "detail" not in example


def test_the_document_lacks_nothing(document: dict[str, Any]) -> None:
    assert faults(document) == []


Spoil = Callable[[dict[str, Any]], object]
ONE = "/v1/things/{id}"
MAKE, PATCH, READ = "POST /v1/things", f"PATCH {ONE}", f"GET {ONE}"


def _operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    method, path = name.split()
    found: dict[str, Any] = document["paths"][path][method.lower()]
    return found


def _problem(document: dict[str, Any], name: str, status: str) -> dict[str, Any]:
    found: dict[str, Any] = _operation(document, name)["responses"][status]["content"]["application/problem+json"]
    return found


PLANTED: dict[str, Spoil] = {
    f"{MAKE}: no summary": lambda d: _operation(d, MAKE).pop("summary"),
    f"{MAKE}: no description": lambda d: _operation(d, MAKE).pop("description"),
    f"{MAKE}: no readable operationId": lambda d: _operation(d, MAKE).update(operationId="make_v1/things"),
    "things_read: not the id of one operation alone": lambda d: _operation(d, MAKE).update(operationId="things_read"),
    "GET /v1/things: no description of the parameter limit": lambda d: _operation(d, "GET /v1/things")["parameters"][
        0
    ].pop("description"),
    f"{MAKE}: request body: no example": lambda d: d["components"]["schemas"]["Written"].pop("examples"),
    f"{MAKE}: request body: an example breaks its schema: 1 is not valid under any of the given schemas": lambda d: d[
        "components"
    ]["schemas"]["Written"].update(examples=[{"note": 1}]),
    f"{READ}: 200: no example": lambda d: d["components"]["schemas"]["Thing"].pop("examples"),
    f"{READ}: 200: an example breaks its schema: 'id' is a required property": lambda d: d["components"]["schemas"][
        "Thing"
    ].update(examples=[{"version": 1, "note": None}]),
    f"{READ}: no success": lambda d: _operation(d, READ)["responses"].pop("200"),
    f"{READ}: no x-access": lambda d: _operation(d, READ).pop("x-access"),
    f"{READ}: no 401": lambda d: _operation(d, READ)["responses"].pop("401"),
    f"{READ}: no 404": lambda d: _operation(d, READ)["responses"].pop("404"),
    f"{MAKE}: Idempotency-Key is not required": lambda d: _operation(d, MAKE)["parameters"][0].update(required=False),
    f"{PATCH}: If-Match is not required": lambda d: _operation(d, PATCH)["responses"].pop("428"),
    f"{MAKE}: 201: no header Location": lambda d: _operation(d, MAKE)["responses"]["201"]["headers"].pop("Location"),
    f"{READ}: 200: no header ETag": lambda d: _operation(d, READ)["responses"]["200"]["headers"].pop("ETag"),
    f"{READ}: 404: not problem details alone": lambda d: _operation(d, READ)["responses"]["404"]["content"].update(
        {"application/json": {}}
    ),
    f"{PATCH}: 409: not every code with an example": lambda d: _problem(d, PATCH, "409")["examples"].pop("used"),
    f"{PATCH}: 409: an example breaks its schema: 'code' is a required property": lambda d: _problem(d, PATCH, "409")[
        "examples"
    ]["used"]["value"].pop("code"),
    f"{PATCH}: 409: an example has another status": lambda d: _problem(d, PATCH, "409")["examples"]["used"][
        "value"
    ].update(status=400),
}


@pytest.mark.parametrize(("fault", "spoil"), PLANTED.items(), ids=PLANTED.keys())
def test_what_a_document_lacks_is_named(document: dict[str, Any], fault: str, spoil: Spoil) -> None:
    spoiled = copy.deepcopy(document)
    spoil(spoiled)
    assert fault in faults(spoiled)
