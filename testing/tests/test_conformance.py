"""What an answer can have that its document does not tell of is seen, each of it once."""

import copy
from typing import Any

import httpx2
import pytest
from schemathesis.core.failures import FailureGroup

from skillsync_testing.conformance import Explored, Hints, explore

Answer = tuple[int, dict[str, str], bytes]
GOOD: Answer = (200, {"content-type": "application/json", "etag": '"1"'}, b'{"number": 1}')
ETAG = {"ETag": {"required": True, "schema": {"type": "string", "pattern": '^"[0-9]+"$'}}}
NUMBER = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "Found",
                        "headers": ETAG,
                        "content": {"application/json": {"schema": NUMBER}},
                    },
                    "404": {"description": "Not found"},
                },
            }
        }
    },
}


async def explored(answer: Answer, *, examples: int = 2, seed_number: int = 1) -> tuple[Explored, list[str]]:
    """What came of it when everything is answered so, and the paths that were asked for."""
    status, headers, body = answer
    paths: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        paths.append(scope["path"])
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client:
        hints = Hints(["token"])
        found = await explore(copy.deepcopy(DOCUMENT), client, hints, examples=examples, seed_number=seed_number)
    return found, paths


async def test_what_is_documented_passes() -> None:
    found, paths = await explored(GOOD)
    assert found == Explored(requests=len(paths), operations=1, unreached=[])
    assert len(paths) == 4


async def test_an_operation_that_never_succeeded_is_told() -> None:
    assert (await explored((404, {}, b"")))[0].unreached == ["GET /things/{id}"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((500, {}, b""), "Server error"),
        ((409, {}, b""), "Undocumented status code"),
        ((200, GOOD[1] | {"content-type": "text/plain"}, GOOD[2]), "Undocumented Content-Type"),
        ((200, {"content-type": "application/json"}, GOOD[2]), "Missing required response headers"),
        ((200, GOOD[1] | {"etag": "1"}, GOOD[2]), "Response header does not conform to the schema"),
        ((200, GOOD[1], b'{"number": "1"}'), "Response violates schema"),
    ],
)
async def test_what_is_not_documented_is_seen(answer: Answer, told: str) -> None:
    with pytest.raises(FailureGroup) as failed:
        await explored(answer)
    assert told in str([failure.title for failure in failed.value.exceptions])


async def test_the_same_seed_makes_the_same_requests() -> None:
    first, again, other = [(await explored(GOOD, examples=8, seed_number=number))[1] for number in (1, 1, 2)]
    assert first == again
    assert first != other
