"""Routes: the order of checks, and JSON as RFC 8259 means it; whatever the body, never a 5xx."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from skillsync_kit.app import Health, create_app
from skillsync_kit.auth import Person, Principal, access, public
from skillsync_kit.clock import SystemClock
from skillsync_kit.errors import NotFound
from skillsync_kit.ids import Id, new_id
from skillsync_kit.routing import Route
from skillsync_kit.testing import UserPool
from skillsync_kit.texts import Line

OWNER = new_id()
MINE = new_id()


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Line = Field(max_length=50)
    minutes: int = Field(default=60, ge=15, le=6000)
    more: dict[str, Any] = Field(default_factory=dict)


@pytest.fixture
async def client(pool: UserPool) -> AsyncIterator[httpx2.AsyncClient]:
    router = APIRouter(route_class=Route)

    async def conceal(request: Request, principal: Principal) -> None:
        if request.path_params.get("id", MINE) != MINE or principal.id != OWNER:
            raise NotFound()

    @router.post("/v1/things/{id}", openapi_extra=access(owner=200))
    async def write(id: Id, body: Thing, by: Person) -> str:
        if by.id != OWNER:
            raise NotFound()
        return body.title

    @router.patch("/v1/things/{id}", openapi_extra=access(owner=200))
    async def change(id: Id, body: Thing, by: Person) -> str:
        return body.title

    @router.post("/v1/open", openapi_extra=public())
    async def open_to_all(body: Thing) -> str:
        return body.title

    app = create_app(
        "things",
        health=Health(),
        verifier=pool.verifier(SystemClock()),
        routers=[router],
        state={},
        conceal=conceal,
    )
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://things.example") as client:
        yield client


@pytest.fixture
def owner(pool: UserPool) -> dict[str, str]:
    return {"Authorization": f"Bearer {pool.token(OWNER)}", "Content-Type": "application/json"}


@pytest.fixture
def stranger(pool: UserPool) -> dict[str, str]:
    return {"Authorization": f"Bearer {pool.token(new_id())}", "Content-Type": "application/json"}


BAD = {
    "no JSON": (b"{", "application/json", 400),
    "another type": (b"a=b", "application/x-www-form-urlencoded", 415),
    "no type": (b"{}", "", 415),
    "a missing field": (b"{}", "application/json", 422),
    "no body": (b"", "application/json", 422),
}


@pytest.mark.parametrize(("body", "media_type", "status"), BAD.values(), ids=BAD.keys())
async def test_401_comes_before_404_and_404_before_the_faults_of_a_body(
    client: httpx2.AsyncClient,
    owner: dict[str, str],
    stranger: dict[str, str],
    body: bytes,
    media_type: str,
    status: int,
) -> None:
    async def answer(headers: dict[str, str], id: str = MINE) -> int:
        headers = {**headers, "Content-Type": media_type}
        found = await client.post(f"/v1/things/{id}", content=body, headers=headers)
        assert found.headers["content-type"] == "application/problem+json"
        return found.status_code

    assert await answer({}) == 401
    assert await answer({"Authorization": "Bearer forged"}) == 401
    assert await answer(stranger) == 404
    assert await answer(owner, new_id()) == 404
    assert await answer(owner, "no-id") == 404
    assert await answer(owner) == status


async def test_a_stranger_learns_the_same_from_a_good_body_and_a_bad_one(
    client: httpx2.AsyncClient, stranger: dict[str, str]
) -> None:
    good = await client.post(f"/v1/things/{MINE}", json={"title": "x"}, headers=stranger)
    bad = await client.post(f"/v1/things/{MINE}", content=b"{", headers=stranger)
    missing = await client.post(f"/v1/things/{new_id()}", content=b"{", headers=stranger)
    assert good.content == bad.content == missing.content
    assert good.status_code == 404


async def test_an_id_is_read_in_any_case(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    answer = await client.post(f"/v1/things/{MINE.upper()}", json={"title": "x"}, headers=owner)
    assert (answer.status_code, answer.json()) == (200, "x")


async def test_a_public_route_asks_for_no_token(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/v1/open", json={"title": "x"})).status_code == 200
    assert (await client.post("/v1/open", json={})).status_code == 422


async def test_patch_takes_merge_patch_and_says_so(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    refused = await client.patch(f"/v1/things/{MINE}", json={"title": "x"}, headers=owner)
    assert (refused.status_code, refused.headers["accept-patch"]) == (415, "application/merge-patch+json")
    merge = {**owner, "Content-Type": "application/Merge-Patch+JSON; charset=utf-8"}
    taken = await client.patch(f"/v1/things/{MINE}", content=b'{"title":"x"}', headers=merge)
    assert (taken.status_code, taken.json()) == (200, "x")


BROKEN = {
    "NaN": b'{"title":"x","minutes":NaN}',
    "Infinity": b'{"title":"x","more":{"a":-Infinity}}',
    "a name twice": b'{"title":"x","title":"y"}',
    "a name twice inside": b'{"title":"x","more":{"a":{"b":1,"b":2}}}',
    "a lone surrogate": b'{"title":"\\ud800"}',
    "a lone surrogate in a name": b'{"title":"x","more":{"\\udfff":1}}',
    "no UTF-8": b'{"title":"\xff"}',
    "depth 40,000": b'{"title":"x","more":' + b'{"a":' * 40_000,
    "depth 20,000, closed": b'{"title":"x","more":{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}}",
    "an integer of 5,000 digits": b'{"title":"x","minutes":' + b"9" * 5000 + b"}",
    "an integer of 5,000 digits inside": b'{"title":"x","more":{"a":-' + b"9" * 5000 + b"}}",
    "trailing text": b'{"title":"x"} x',
    "two values": b'{"title":"x"}{"title":"y"}',
    "a comment": b'{"title":"x"/*y*/}',
    "a trailing comma": b'{"title":"x",}',
    "NUL": b'\x00{"title":"x"}',
    "a raw control character": b'{"title":"a\nb"}',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_no_interoperable_json_is_400(
    client: httpx2.AsyncClient, owner: dict[str, str], body: bytes
) -> None:
    answer = await client.post(f"/v1/things/{MINE}", content=body, headers=owner)
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == "bad-request"
    # Of the interpreter nothing is told.
    assert not any(word in problem["detail"] for word in ("sys.", "python", "recursion", "Expecting"))


INVALID = {
    "a huge number": b'{"title":"x","minutes":' + b"9" * 4000 + b"}",
    "an infinite number": b'{"title":"x","minutes":1e999}',
    "a fraction": b'{"title":"x","minutes":60.5}',
    "a list": b"[]",
    "a text": b'"title"',
    "null": b"null",
    "an unknown field": b'{"title":"x","id":"y"}',
    "a number for a text": b'{"title":1}',
    "a text too long": b'{"title":"' + b"x" * 51 + b'"}',
}


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID.keys())
async def test_what_breaks_a_rule_is_422(client: httpx2.AsyncClient, owner: dict[str, str], body: bytes) -> None:
    answer = await client.post(f"/v1/things/{MINE}", content=body, headers=owner)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_no_depth_of_nesting_is_a_mistake_of_ours(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    # Around the interpreter's limit it matters how deep the call stack is: so every depth up to it.
    seen = set()
    for depth in [*range(1, 60), *range(60, 1100, 13)]:
        body = b'{"title":"x","more":{"a":' + b"[" * depth + b"]" * depth + b"}}"
        seen.add((await client.post(f"/v1/things/{MINE}", content=body, headers=owner)).status_code)
    assert seen == {200, 400}


async def test_many_faults_make_no_huge_answer(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    body = json.dumps({f"x{number}": 1 for number in range(20_000)})
    answer = await client.post(f"/v1/things/{MINE}", content=body, headers=owner)
    assert answer.status_code == 422
    assert len(answer.content) < 20_000


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: json.dumps({"title": text}).encode()))
)
async def test_no_body_is_a_mistake_of_ours(client: httpx2.AsyncClient, owner: dict[str, str], body: bytes) -> None:
    answer = await client.post(f"/v1/things/{MINE}", content=body, headers=owner)
    assert answer.status_code in {200, 400, 422}
