"""GET /v1/transactions: keyset pages, the newest first, of what one may see."""

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.pagination import write_cursor

if TYPE_CHECKING:
    from tests.conftest import World

UNFILTERED: dict[str, Any] = {"state": None, "role": None, "updated_after": None}


async def test_pages_follow_each_other_without_gap_or_repeat_while_new_ones_come(
    world: "World", ada: str, bo: str
) -> None:
    ids = [await world.drafted(ada, bo) for _ in range(7)]
    seen, path, sizes = [], "?limit=3", []
    while path:
        answer = await world.get(path, ada)
        body = answer.json()
        seen += [item["id"] for item in body["items"]]
        sizes.append(len(body["items"]))
        link = answer.headers.get("link")
        assert (link is None) == (body["next"] is None)
        path = link.partition(">")[0].partition("/v1/transactions")[2] if link else ""
        assert link is None or link.endswith('>; rel="next"')
        await world.drafted(ada, bo)
    assert seen == ids[::-1]
    assert sizes == [3, 3, 1]


async def test_a_page_shows_what_a_read_shows(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    page = (await world.get("", bo)).json()
    assert page == {"items": [(await world.get(f"/{id}", bo)).json()], "next": None}


async def test_filters(world: "World", ada: str, bo: str) -> None:
    draft, proposed = await world.drafted(ada, bo), await world.proposed(ada, bo)
    of_bo = await world.proposed(bo, ada)

    async def ids(query: str, by: str = ada) -> list[str]:
        return [item["id"] for item in (await world.get(query, by)).json()["items"]]

    assert await ids("") == [of_bo, proposed, draft]
    assert await ids("", bo) == [of_bo, proposed]
    assert await ids("?state=draft") == [draft]
    assert await ids("?role=author") == [proposed, draft]
    assert await ids("?role=participant") == [of_bo]
    assert await ids("?state=proposed&role=author") == [proposed]
    assert await ids("?state=finalized") == []


async def test_a_cursor_is_bound_to_its_filters(world: "World", ada: str, bo: str) -> None:
    for _ in range(2):
        await world.drafted(ada, bo)
    cursor = (await world.get("?limit=1&state=draft", ada)).json()["next"]
    assert (await world.get(f"?limit=1&state=draft&cursor={cursor}", ada)).status_code == 200
    for other in ("?", "?state=proposed&", "?state=draft&role=author&"):
        refused = await world.get(f"{other}cursor={cursor}", ada)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), other
        assert "other filters" in refused.json()["detail"]


async def test_a_cursor_shows_nobody_what_is_not_theirs(world: "World", ada: str, bo: str) -> None:
    for _ in range(3):
        await world.drafted(ada, bo)
    cursor = (await world.get("?limit=1", ada)).json()["next"]
    assert (await world.get(f"?cursor={cursor}", bo)).json() == {"items": [], "next": None}


def forged(*parts: Any) -> str:
    """A cursor's text made by hand."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


DIGEST = json.loads(base64.urlsafe_b64decode((write_cursor(("x",), UNFILTERED) or "") + "=="))[-1]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "e30",
        "bnVsbA",
        "%C3%BC",
        "W" * 513,
        *(forged(*parts) for parts in ([DIGEST], ["a", "b", DIGEST], [7, DIGEST], [["x"], DIGEST])),
        # Well-formed to the last byte, but no key that this service ever gave out: no database may be asked for these.
        *(write_cursor((part,), UNFILTERED) for part in ("\ud800", "ü")),
    ],
)
async def test_what_is_no_cursor_is_422(world: "World", ada: str, cursor: str) -> None:
    refused = await world.get(f"?cursor={cursor}", ada)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"] == "the query: cursor"


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "state=nonsense", "role=owner"])
async def test_what_cannot_be_asked_for_is_422(world: "World", ada: str, query: str) -> None:
    refused = await world.get(f"?{query}", ada)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert refused.json()["errors"][0]["pointer"] == f"the query: {query.partition('=')[0]}"


async def test_what_changed_after_a_moment_comes_by_its_last_change(world: "World", ada: str, bo: str) -> None:
    first = await world.proposed(ada, bo)
    world.clock.advance(seconds=1)
    since = world.clock.now().isoformat().replace("+00:00", "Z")
    others = []
    for _ in range(3):
        others.append(await world.proposed(ada, bo))
        others.append(await world.drafted(ada, bo))
        world.clock.advance(seconds=1)
    await world.act("accept", first, bo, 1)
    world.clock.advance(seconds=1)
    await world.act("accept", others[0], bo, 1)

    async def ids(query: str, by: str) -> list[list[str]]:
        pages, path = [], f"?{query}"
        while path:
            answer = await world.get(path, by)
            pages.append([item["id"] for item in answer.json()["items"]])
            path = answer.headers.get("link", "").partition(">")[0].partition("/v1/transactions")[2]
        return pages

    # The first three seconds lie at `since`, which is not after itself.
    expected = [*others[2:], first, others[0]]
    assert [id for page in await ids(f"updated_after={since}&limit=2", ada) for id in page] == expected
    assert await ids(f"updated_after={since}&limit=3", bo) == [[others[2], others[4], first], [others[0]]]
    assert await ids(f"updated_after={since}&state=draft", ada) == [[others[3], others[5]]]
    assert await ids(f"updated_after={since}&role=participant", ada) == [[]]
    assert await ids(f"updated_after={world.clock.now().isoformat().replace('+00:00', 'Z')}", ada) == [[]]


@pytest.mark.parametrize("moment", ["yesterday", "2030-01-01", "2030-01-01T12:00:00", "1", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_that_is_none_is_422(world: "World", ada: str, moment: str) -> None:
    refused = await world.get(f"?updated_after={moment}", ada)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "the query: updated_after")
