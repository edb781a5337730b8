"""Offerings over HTTP: one active of each kind and skill, paused ones are their owner's alone."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.ids import new_id
from skillsync_users.offerings.service import offerings as use_cases

if TYPE_CHECKING:
    from tests.conftest import World


async def found(world: "World", by: str, **query: Any) -> list[str]:
    """The ids of the offerings listed, page by page of two."""
    ids: list[str] = []
    parameters = {**query, "limit": "2"}
    while True:
        text = "&".join(f"{name}={value}" for name, value in parameters.items())
        answer = await world.get(f"/v1/offerings?{text}", by)
        assert answer.status_code == 200, answer.text
        ids += [item["id"] for item in answer.json()["items"]]
        if answer.json()["next"] is None:
            return ids
        parameters["cursor"] = answer.json()["next"]


async def test_a_member_publishes_an_offering(world: "World") -> None:
    ada = await world.member(display_name="A.")
    answer = await world.publish(ada, text="Beginners\nwelcome")
    assert answer.status_code == 201
    body = answer.json()
    id = body.pop("id")
    assert answer.headers["location"] == f"/v1/offerings/{id}"
    assert answer.headers["etag"] == '"1"'
    assert body.pop("created_at") == body.pop("updated_at") == "2030-01-01T12:00:00Z"
    assert body == {
        "owner": ada,
        "owner_name": "A.",
        "kind": "offer",
        "skill": "guitar",
        "text": "Beginners\nwelcome",
        "modality": "either",
        "status": "active",
        "version": 1,
        "expires_at": "2030-06-30T12:00:00Z",
    }
    assert (await world.get(f"/v1/offerings/{id}", new_id())).json() == answer.json()
    published = (await world.events(id))[0]
    assert (published.type, published.actor) == ("offering.published.v1", ada)
    assert (published.data["from"], published.data["to"], published.data["owner"]) == (None, "active", ada)


async def test_only_active_members_publish(world: "World") -> None:
    suspended = await world.member()
    await world.set_status(suspended, "suspended")
    for user in (new_id(), suspended):
        answer = await world.publish(user)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-a-member")


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("skill", "levitation", "/skill"),
        ("skill", "Guitar", "/skill"),
        ("kind", "gift", "/kind"),
        ("modality", "psychic", "/modality"),
        ("text", "x" * 1001, "/text"),
        ("text", "\u0007", "/text"),
        ("status", "active", "/status"),
        ("owner", "x", "/owner"),
    ],
)
async def test_a_field_that_breaks_a_rule_is_named(world: "World", field: str, value: str, pointer: str) -> None:
    ada = await world.member()
    answer = await world.publish(ada, **{field: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert await found(world, ada, owner="me") == []


async def test_there_is_one_active_offering_of_each_kind_and_skill(world: "World") -> None:
    ada = await world.member()
    first = await world.offering(ada)
    again = await world.publish(ada)
    assert (again.status_code, again.json()["code"]) == (409, "offering-exists")
    await world.offering(ada, kind="want")
    await world.offering(ada, skill="german")
    await world.patch(f"/v1/offerings/{first}", ada, {"status": "paused"})
    second = await world.offering(ada)
    resumed = await world.patch(f"/v1/offerings/{first}", ada, {"status": "active"}, 2)
    assert (resumed.status_code, resumed.json()["code"]) == (409, "offering-exists")
    assert (await world.send("DELETE", f"/v1/offerings/{second}", ada, if_match=1)).status_code == 204
    assert (await world.patch(f"/v1/offerings/{first}", ada, {"status": "active"}, 2)).status_code == 200


async def test_of_many_equal_offerings_at_once_one_is_kept(world: "World", other_process: "World") -> None:
    ada = await world.member()
    answers = await asyncio.gather(*(process.publish(ada) for process in [world, other_process] * 4))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len(await found(world, ada, owner="me")) == 1


async def test_twenty_equal_requests_with_one_key_make_one_offering(world: "World", other_process: "World") -> None:
    ada = await world.member()
    answers = await asyncio.gather(*(process.publish(ada, key="one") for process in [world, other_process] * 10))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(await found(world, ada, owner="me")) == 1
    assert len(await world.events(answers[0].json()["id"])) == 1


async def test_writers_at_once_lose_no_update(world: "World", other_process: "World") -> None:
    ada = await world.member()
    path = f"/v1/offerings/{await world.offering(ada)}"
    requests = [process.patch(path, ada, {"text": str(n)}, 1) for n, process in enumerate([world, other_process] * 3)]
    answers = await asyncio.gather(*requests)
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    assert (await world.get(path, ada)).json()["version"] == 2


async def test_a_paused_offering_is_its_owners_alone_until_it_is_resumed(world: "World") -> None:
    ada, bo = await world.member(), await world.member()
    id = await world.offering(ada)
    path = f"/v1/offerings/{id}"
    paused = await world.patch(path, ada, {"status": "paused"})
    assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    assert (await world.get(path, ada)).status_code == 200
    missing = await world.get(f"/v1/offerings/{new_id()}", bo)
    for answer in (
        await world.get(path, bo),
        await world.patch(path, bo, {"text": "x"}, 2),
        await world.patch(path, bo, {"nonsense": 1}, 2),
        await world.send("DELETE", path, bo, if_match=2),
        await world.send("PATCH", path, bo, b"{", if_match=2),
    ):
        assert (answer.status_code, answer.text) == (404, missing.text)
    assert await found(world, ada, owner="me") == [id]
    assert await found(world, bo, owner=ada) == []
    assert await found(world, ada, owner=ada) == [id]
    assert (await world.patch(path, ada, {"status": "active"}, 2)).status_code == 200
    assert await found(world, bo, owner=ada) == [id]
    types = [(event.type, event.data["from"], event.data["to"]) for event in await world.events(id)]
    assert types == [
        ("offering.published.v1", None, "active"),
        ("offering.paused.v1", "active", "paused"),
        ("offering.changed.v1", "paused", "active"),
    ]


async def test_somebody_else_may_neither_change_nor_delete_what_they_see(world: "World") -> None:
    ada, bo = await world.member(), await world.member()
    path = f"/v1/offerings/{await world.offering(ada)}"
    assert (await world.patch(path, bo, {"text": "x"})).json()["code"] == "not-yours"
    assert (await world.send("DELETE", path, bo, if_match=1)).json()["code"] == "not-yours"
    assert (await world.get(path, ada)).json()["version"] == 1


async def test_a_deleted_offering_is_gone_and_told_of(world: "World") -> None:
    ada = await world.member()
    id = await world.offering(ada)
    path = f"/v1/offerings/{id}"
    assert (await world.send("DELETE", path, ada)).status_code == 428
    assert (await world.send("DELETE", path, ada, if_match=2)).status_code == 412
    assert (await world.send("DELETE", path, ada, if_match=1)).status_code == 204
    assert (await world.get(path, ada)).status_code == 404
    assert (await world.send("DELETE", path, ada, if_match=1)).status_code == 404
    last = (await world.events(id))[-1]
    assert (last.type, last.data["from"], last.data["to"]) == ("offering.changed.v1", "active", "deleted")


@pytest.mark.parametrize("field", ["kind", "skill", "owner", "version", "id"])
async def test_another_kind_or_skill_is_another_offering(world: "World", field: str) -> None:
    ada = await world.member()
    path = f"/v1/offerings/{await world.offering(ada)}"
    answer = await world.patch(path, ada, {field: "want"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")


async def test_status_and_modality_cannot_be_null_and_a_null_text_is_empty(world: "World") -> None:
    ada = await world.member()
    path = f"/v1/offerings/{await world.offering(ada, text='x')}"
    assert (await world.patch(path, ada, {"status": None})).status_code == 422
    assert (await world.patch(path, ada, {"modality": None})).status_code == 422
    assert (await world.patch(path, ada, {"text": None})).json()["text"] == ""


async def test_a_suspended_member_does_not_act_and_is_not_listed(world: "World") -> None:
    ada, bo = await world.member(), await world.member()
    id = await world.offering(ada)
    await world.set_status(ada, "suspended")
    assert (await world.patch(f"/v1/offerings/{id}", ada, {"text": "x"})).json()["code"] == "not-a-member"
    assert (await world.send("DELETE", f"/v1/offerings/{id}", ada, if_match=1)).status_code == 403
    assert await found(world, ada, owner="me") == [id]
    assert await found(world, bo, owner=ada) == []
    assert (await world.get(f"/v1/offerings/{id}", bo)).status_code == 404


async def test_offerings_are_found_by_owner_kind_skill_and_words(world: "World") -> None:
    word = new_id()
    ada, bo = await world.member(), await world.member()
    lessons = await world.offering(ada, text=f"Anfänger {word}")
    german = await world.offering(ada, skill="german", text=word)
    wanted = await world.offering(bo, kind="want", text=word)
    assert await found(world, bo, q=word) == sorted([lessons, german, wanted], reverse=True)
    assert await found(world, bo, q=word, skill="guitar") == sorted([lessons, wanted], reverse=True)
    assert await found(world, bo, q=word, skill="guitar", kind="offer") == [lessons]
    assert await found(world, bo, q=f"ANFANGER {word}") == [lessons]
    assert await found(world, bo, q=f"GERMAN {word}") == [german]
    assert await found(world, bo, q=f"Deutsch {word}") == [german]
    assert await found(world, bo, q=word, owner=ada) == sorted([lessons, german], reverse=True)
    assert await found(world, bo, q=word, owner="me") == [wanted]
    assert await found(world, bo, q=f"{word}%25") == []


async def test_a_cursor_belongs_to_its_filters_and_an_etag_is_honoured(world: "World") -> None:
    ada = await world.member()
    ids = [await world.offering(ada, skill=skill) for skill in ("guitar", "german")]
    first = await world.get("/v1/offerings?owner=me&limit=1", ada)
    following = first.json()["next"]
    assert f"cursor={following}" in first.headers["link"]
    refused = await world.get(f"/v1/offerings?owner={ada}&cursor={following}", ada)
    assert refused.status_code == 422
    assert (await world.get(f"/v1/offerings/{ids[0]}", ada, if_none_match='"1"')).status_code == 304
    for query in ("owner=you", "kind=gift", "skill=No", "q=" + "x" * 101):
        assert (await world.get(f"/v1/offerings?{query}", ada)).status_code == 422, query


async def test_a_member_has_so_many_offerings_and_no_more(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_cases, "MOST_OFFERINGS", 2)
    ada = await world.member()
    for skill in ("guitar", "german"):
        await world.offering(ada, skill=skill)
    answer = await world.publish(ada, skill="chess")
    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-offerings")


async def test_a_way_to_meet_finds_what_is_open_to_either(world: "World") -> None:
    word = new_id()
    ada = await world.member(about=word)
    ids = {
        modality: await world.offering(ada, skill=skill, text=word, modality=modality)
        for skill, modality in (("guitar", "in_person"), ("german", "remote"), ("chess", "either"))
    }
    assert await found(world, ada, q=word, modality="remote") == [ids["either"], ids["remote"]]
    assert await found(world, ada, q=word, modality="in_person") == [ids["either"], ids["in_person"]]
    assert (await world.get("/v1/offerings?modality=either", ada)).status_code == 422
    for query, people in (("modality=remote", 1), ("modality=remote&skill=guitar", 0), ("skill=chess&kind=offer", 1)):
        answer = await world.get(f"/v1/users?q={word}&{query}", ada)
        assert [member["id"] for member in answer.json()["items"]] == [ada] * people
