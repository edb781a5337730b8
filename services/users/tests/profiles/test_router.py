"""Reading and changing profiles, naming people, and the directory."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.ids import new_id
from skillsync_kit.testing import UserPool

if TYPE_CHECKING:
    from tests.conftest import World

PUBLIC = {"id", "first_name", "last_name", "display_name", "about"}


async def names(world: "World", *ids: str, by: str | None = None) -> list[dict[str, Any]]:
    """The answer of GET /v1/users?id=…."""
    answer = await world.get("/v1/users?" + "&".join(f"id={id}" for id in ids), by or new_id())
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def found(world: "World", **query: Any) -> list[str]:
    """The ids that the directory finds, page by page of two."""
    ids: list[str] = []
    parameters = {**query, "limit": "2"}
    while True:
        text = "&".join(f"{name}={value}" for name, value in parameters.items())
        answer = await world.get(f"/v1/users?{text}", new_id())
        assert answer.status_code == 200, answer.text
        body = answer.json()
        ids += [item["id"] for item in body["items"]]
        assert ("next" in answer.headers.get("link", "")) == (body["next"] is not None)
        if body["next"] is None:
            return ids
        parameters["cursor"] = body["next"]


# --- one's own ---


async def test_ones_own_profile_has_the_address_and_an_etag(world: "World") -> None:
    ada = await world.member()
    answer = await world.get("/v1/users/me", ada)
    assert answer.json()["email"] == f"{ada}@members.example"
    assert answer.headers["cache-control"] == "private, no-cache"
    held = await world.get("/v1/users/me", ada, if_none_match=answer.headers["etag"])
    assert (held.status_code, held.headers["etag"]) == (304, '"1"')


async def test_no_route_shows_a_members_address_to_another(world: "World") -> None:
    ada, bo = await world.member(about="Plays"), await world.member()
    offering = await world.offering(ada)
    coordinator = world.pool.token(bo, **{"cognito:groups": ["coordinator", "operator"]})
    walked = []
    for path, operations in world.app.openapi()["paths"].items():
        for method in operations:
            at = path.replace("{id}", offering if "offerings" in path else ada)
            for token in (world.pool.token(bo), coordinator):
                for query in ("", f"?id={ada}", "?q=Ada"):
                    answer = await world.send(
                        method.upper(), at + query, None, {"reason": "x"}, authorization=f"Bearer {token}", if_match="*"
                    )
                    assert f"{ada}@" not in answer.text + str(answer.headers), (method, path)
                    walked.append(answer.status_code)
    # The walk is no row of refusals: most of what may be read was.
    assert walked.count(200) > 30
    assert f"{ada}@" in (await world.get("/v1/users/me", ada)).text


async def test_one_without_a_profile_has_none_to_read_or_change(world: "World") -> None:
    nobody = new_id()
    assert (await world.get("/v1/users/me", nobody)).status_code == 404
    assert (await world.patch("/v1/users/me", nobody, {"about": "x"})).status_code == 404


async def test_a_change_raises_the_version_and_is_told_once(world: "World") -> None:
    ada = await world.member(about="before")
    answer = await world.patch("/v1/users/me", ada, {"about": None, "display_name": "A.", "locale": "de"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    body = answer.json()
    assert (body["about"], body["display_name"], body["locale"], body["version"]) == ("", "A.", "de", 2)
    assert body == (await world.get("/v1/users/me", ada)).json()
    same = await world.patch("/v1/users/me", ada, {"display_name": "A."}, 2)
    assert (same.status_code, same.headers["etag"]) == (200, '"2"')
    events = await world.events(ada)
    assert [event.sequence for event in events] == [1, 2]
    assert events[1].data == {"from": "active", "to": "active", "changed": ["about", "display_name", "locale"]}


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [(None, 428, "if-match-required"), (7, 412, "stale"), ('W/"1"', 412, "stale"), ("*", 200, None)],
)
async def test_a_change_needs_the_version_one_has_read(
    world: "World", if_match: int | str | None, status: int, code: str | None
) -> None:
    ada = await world.member()
    answer = await world.patch("/v1/users/me", ada, {"about": "x"}, if_match)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


async def test_writers_at_once_lose_no_update(world: "World", other_process: "World") -> None:
    ada = await world.member()
    writers = enumerate([world, other_process] * 3)
    requests = [process.patch("/v1/users/me", ada, {"about": str(number)}) for number, process in writers]
    answers = await asyncio.gather(*requests)
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    kept = (await world.get("/v1/users/me", ada)).json()
    assert (kept["version"], kept["about"]) == (2, next(a.json()["about"] for a in answers if a.status_code == 200))
    assert len(await world.events(ada)) == 2


@pytest.mark.parametrize("field", ["first_name", "last_name", "locale", "time_zone"])
async def test_what_everyone_must_have_cannot_be_taken_away(world: "World", field: str) -> None:
    ada = await world.member()
    answer = await world.patch("/v1/users/me", ada, {field: None})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")


@pytest.mark.parametrize("field", ["id", "email", "status", "version", "created_at", "updated_at", "event_sequence"])
async def test_server_owned_fields_are_refused(world: "World", field: str) -> None:
    ada = await world.member()
    before = (await world.get("/v1/users/me", ada)).text
    assert (await world.patch("/v1/users/me", ada, {field: "x"})).status_code == 422
    assert (await world.get("/v1/users/me", ada)).text == before


async def test_a_patch_of_another_media_type_is_refused(world: "World") -> None:
    ada = await world.member()
    answer = await world.send("PATCH", "/v1/users/me", ada, {"about": "x"}, if_match=1, content_type="application/json")
    assert (answer.status_code, answer.headers["accept-patch"]) == (415, "application/merge-patch+json")


async def test_a_suspended_member_reads_but_does_not_act(world: "World") -> None:
    ada = await world.member()
    await world.set_status(ada, "suspended")
    assert (await world.get("/v1/users/me", ada)).json()["status"] == "suspended"
    answer = await world.patch("/v1/users/me", ada, {"about": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-a-member")


# --- others ---


async def test_others_see_the_public_profile_without_the_address(world: "World") -> None:
    ada = await world.member()
    answer = await world.get(f"/v1/users/{ada.upper()}", new_id())
    assert answer.status_code == 200
    assert answer.json().keys() == PUBLIC
    assert "members.example" not in answer.text
    assert (await world.get(f"/v1/users/{ada}", new_id(), if_none_match='"1"')).status_code == 304


async def test_unknown_erased_and_impossible_ids_get_one_answer(world: "World") -> None:
    erased = await world.member()
    await world.set_status(erased, "erased")
    answers = [await world.get(f"/v1/users/{id}", new_id()) for id in (new_id(), erased, "x", "%00")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


async def test_names_come_in_one_call_each_once_in_whatever_order_they_are_asked_for(world: "World") -> None:
    ada, bo = await world.member(), await world.member(first_name="Bo")
    items = await names(world, bo, ada, bo, new_id())
    assert items == await names(world, ada, bo)
    assert [item["id"] for item in items] == sorted([ada, bo])
    assert all(item.keys() == PUBLIC for item in items)


@pytest.mark.parametrize("status", ["suspended", "erased"])
async def test_only_active_members_are_named_or_listed(world: "World", status: str) -> None:
    ada = await world.member(last_name=new_id())
    await world.set_status(ada, status)
    assert await names(world, ada) == []


async def test_at_most_a_hundred_ids_and_no_search_besides(world: "World") -> None:
    hundred = "&".join(f"id={new_id()}" for _ in range(100))
    assert (await world.get(f"/v1/users?{hundred}", new_id())).status_code == 200
    for query in (f"{hundred}&id={new_id()}", f"id={new_id()}&q=x", f"id={new_id()}&kind=offer", "id=x", "id="):
        assert (await world.get(f"/v1/users?{query}", new_id())).status_code == 422, query


# --- the directory ---


async def test_the_directory_finds_members_by_what_they_offer_and_want(world: "World") -> None:
    word = new_id()
    ada, bo, cy = [await world.member(last_name=word) for _ in range(3)]
    await world.publish(ada, kind="offer", skill="german")
    await world.publish(bo, kind="want", skill="german")
    paused = await world.offering(cy, kind="offer", skill="german")
    await world.patch(f"/v1/offerings/{paused}", cy, {"status": "paused"})
    assert await found(world, q=word) == sorted([ada, bo, cy], reverse=True)
    assert await found(world, q=word, skill="german") == sorted([ada, bo], reverse=True)
    assert await found(world, q=word, skill="german", kind="offer") == [ada]
    assert await found(world, q=word, kind="want") == [bo]
    assert await found(world, q=word, skill="chess") == []
    await world.set_status(ada, "suspended")
    assert await found(world, q=word, skill="german") == [bo]


async def test_a_search_passes_over_case_and_accents_and_means_its_signs_literally(world: "World") -> None:
    word = new_id()
    jose = await world.member(first_name="José", last_name=word, about="100 % Ünïcode_text")
    assert await found(world, q=f"JOSE {word}") == [jose]
    assert await found(world, q=f"jos%C3%A9 {word.upper()}") == [jose]
    assert await found(world, q=f"100 %25 unicode_text {word}") == [jose]
    assert await found(world, q=f"1%25 {word}") == []
    assert await found(world, q=f"unicode%5Ftext {word}") == [jose]
    assert await found(world, q=f"unicodeXtext {word}") == []


async def test_a_cursor_belongs_to_its_filters(world: "World") -> None:
    for _ in range(2):
        await world.member()
    following = (await world.get("/v1/users?limit=1", new_id())).json()["next"]
    assert (await world.get(f"/v1/users?limit=1&cursor={following}", new_id())).status_code == 200
    for query in (f"q=x&cursor={following}", "cursor=nonsense", "limit=0", "limit=101", "kind=gift", "skill=No"):
        assert (await world.get(f"/v1/users?{query}", new_id())).status_code == 422, query


# --- workers ---


async def test_a_worker_with_the_scope_learns_how_to_write_to_a_user(world: "World") -> None:
    ada = await world.member(display_name="A.", locale="de", time_zone="Europe/Berlin")
    answer = await world.as_worker(f"/internal/users/{ada}/contact", "skillsync/users.contact")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": ada,
        "email": f"{ada}@members.example",
        "first_name": "Ada",
        "display_name": "A.",
        "locale": "de",
        "time_zone": "Europe/Berlin",
        "status": "active",
    }
    await world.set_status(ada, "suspended")
    suspended = await world.as_worker(f"/internal/users/{ada}/contact", "skillsync/users.contact")
    assert suspended.json()["status"] == "suspended"


async def test_to_everyone_else_the_contact_route_does_not_exist(world: "World") -> None:
    ada = await world.member()
    path = f"/internal/users/{ada}/contact"
    forger = world.pool.token(ada, scope="skillsync/users.contact")
    answers = [
        await world.get(path, ada),
        await world.as_worker(path, "skillsync/transactions.read"),
        await world.as_worker(path),
        await world.as_worker(f"/internal/users/{new_id()}/contact", "skillsync/users.contact"),
        await world.client.get(path, headers={"authorization": f"Bearer {forger}"}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert len({answer.text for answer in answers}) == 1
    assert (await world.get(path, None)).status_code == 401


async def test_a_worker_is_refused_where_people_are_meant(world: "World") -> None:
    for path in ("/v1/users", "/v1/users/me", "/v1/offerings", "/v1/skills"):
        assert (await world.as_worker(path, "skillsync/users.contact")).status_code == 403, path


async def test_a_token_of_another_pool_is_refused(world: "World") -> None:
    token = UserPool().token(await world.member())
    answer = await world.client.get("/v1/users/me", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
