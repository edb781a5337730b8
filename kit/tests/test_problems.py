"""Problem details: every error of a service has one shape, the framework's own included."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, ConfigDict

from skillsync_kit import errors, problems
from skillsync_kit.errors import Conflict, Failure, FieldError, Invalid, Unavailable
from skillsync_kit.problems import problem_response

FAILURES = [name for name in errors.__all__ if name not in {"FieldError", "raises"}]


class Leg(BaseModel):
    model_config = ConfigDict(extra="forbid")
    minutes: int


class Body(BaseModel):
    legs: dict[str, Leg]


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    router = APIRouter()

    @router.get("/things")
    async def things(
        limit: Annotated[int, Query(ge=1)] = 1, x_kind: Annotated[str, Header(max_length=3)] = "a"
    ) -> None:
        raise HTTPException(503, "secret", headers={"Retry-After": "7"})

    @router.post("/things")
    async def write(body: Body) -> None:
        raise Conflict("Look again.", extra={"allowed_actions": ["read"]}, headers={"X-Extra": "1"})

    @router.get("/things/{number}")
    async def thing(number: int) -> None:
        return None

    app.include_router(router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://t.example") as client:
        yield client


async def test_a_failure_is_its_status_code_title_and_what_it_adds(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/things", json={"legs": {}})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-extra"] == "1"
    assert answer.json() == {
        "type": "https://skillsync.example/problems/conflict",
        "title": "The present state does not allow this",
        "status": 409,
        "code": "conflict",
        "detail": "Look again.",
        "allowed_actions": ["read"],
    }


async def test_a_framework_error_has_the_same_shape_and_keeps_its_headers(client: httpx2.AsyncClient) -> None:
    missing = await client.get("/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    refused = await client.delete("/things")
    assert (refused.status_code, refused.json()["code"]) == (405, "method-not-allowed")
    assert sorted(method.strip() for method in refused.headers["allow"].split(",")) == ["GET", "POST"]
    raised = await client.get("/things")
    assert (raised.status_code, raised.headers["retry-after"]) == (503, "7")
    assert "secret" not in raised.text
    for answer in (missing, refused, raised):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json().keys() >= {"type", "title", "status", "code"}
        assert answer.json()["status"] == answer.status_code


async def test_a_missing_route_and_a_missing_thing_read_alike(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/things/x")).content == (await client.get("/nothing")).content


async def test_an_invalid_field_is_named_by_its_pointer(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/things", json={"legs": {"a/b~c": {"minutes": "x", "extra": 1}}})
    assert answer.status_code == 422
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == [
        "/legs/a~1b~0c/extra",
        "/legs/a~1b~0c/minutes",
    ]


async def test_what_is_not_in_the_body_is_named_too(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/things?limit=0", headers={"x-kind": "long"})
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == ["the headers: x-kind", "the query: limit"]


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_has_a_code_and_a_status_of_its_own_kind(name: str) -> None:
    kind: type[Failure] = getattr(errors, name)
    answer = problem_response(kind())
    assert answer.status_code == kind.status
    assert 400 <= kind.status < 600
    assert kind.code.replace("-", "").isalpha()
    assert kind.code == kind.code.lower()


def test_codes_are_distinct() -> None:
    codes = [getattr(errors, name).code for name in FAILURES]
    assert len(set(codes)) == len(codes)


def test_field_errors_and_retry_after_are_told() -> None:
    invalid = problem_response(Invalid("x", errors=(FieldError("/a", "no"),)))
    assert b'"errors":[{"pointer":"/a","detail":"no"}]' in bytes(invalid.body)
    assert problem_response(Unavailable(retry_after_seconds=9)).headers["retry-after"] == "9"
