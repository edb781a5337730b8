"""What may be in a body: each refusal names the field, and nothing unknown is ignored."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_transactions.schemas import TransactionRepresentation

if TYPE_CHECKING:
    from tests.conftest import World

SERVER_OWNED = sorted(
    {field.name for field in fields(TransactionRepresentation)}
    - {"title", "note", "settlement", "scheduled_for", "legs"}
)


@pytest.mark.parametrize("field", [*SERVER_OWNED, "tilte"])
async def test_what_is_the_servers_or_misspelt_is_refused_and_changes_nothing(
    world: "World", ada: str, bo: str, field: str
) -> None:
    id = await world.drafted(ada, bo)
    before = (await world.get(f"/{id}", ada)).json()
    for refused in (
        await world.create(ada, {**world.swap("me", bo), field: before.get(field, 1)}),
        await world.patch(id, ada, {"title": "Another", field: before.get(field, 1)}, 1),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
        assert [error["pointer"] for error in refused.json()["errors"]] == [f"/{field}"]
    assert (await world.get(f"/{id}", ada)).json() == before


async def test_unknown_fields_of_legs_and_actions_are_refused(world: "World", ada: str, bo: str) -> None:
    refused = await world.create(ada, {"legs": {"a": {"giver": "me", "hours": 1}}})
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/legs/a/hours"]
    id = await world.proposed(ada, bo)
    refused = await world.send("POST", f"/v1/transactions/{id}/accept", bo, {"terms_rev": 1, "force": True})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/force")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"title": "x" * 121}, "/title"),
        ({"title": "ﬀ" * 121}, "/title"),
        ({"title": "a\nb"}, "/title"),
        ({"title": "a\u2028b"}, "/title"),
        ({"title": "a\u202eb"}, "/title"),
        ({"title": "\x00"}, "/title"),
        ({"title": 7}, "/title"),
        ({"note": "x" * 2001}, "/note"),
        ({"note": "\x1b[2J"}, "/note"),
        ({"settlement": "gold"}, "/settlement"),
        ({"scheduled_for": "2031-01-01T00:00:00"}, "/scheduled_for"),
        ({"scheduled_for": 1924992000}, "/scheduled_for"),
        ({"scheduled_for": "1924992000"}, "/scheduled_for"),
        ({"scheduled_for": "9999-12-31T23:59:59-14:00"}, "/scheduled_for"),
        ({"scheduled_for": "2029-12-31T00:00:00Z"}, "/scheduled_for"),
        ({"legs": []}, "/legs"),
        ({"legs": {"A!": {}}}, "/legs/A!"),
        ({"legs": {f"l{number}": {} for number in range(17)}}, "/legs"),
        ({"legs": {"a": {"giver": "somebody"}}}, "/legs/a/giver"),
        ({"legs": {"a": {"minutes": "60"}}}, "/legs/a/minutes"),
        ({"legs": {"a": {"minutes": True}}}, "/legs/a/minutes"),
        ({"legs": {"body": {"giver": ""}}}, "/legs/body/giver"),
        ({"legs": {"a": {"giver": "me", "receiver": "me"}}}, "/legs/a/receiver"),
        ({"legs": {"a": {"skill": "Guitar"}}}, "/legs/a/skill"),
        ({"legs": {"a": {"skill": "guitar\n"}}}, "/legs/a/skill"),
        ({"legs": {"a": {"skill": "x" * 65}}}, "/legs/a/skill"),
        *(({"legs": {"a": {"minutes": minutes}}}, "/legs/a/minutes") for minutes in (0, 14, 16, 6015, -60, 15.5, True)),
    ],
)
async def test_a_broken_rule_is_422_with_the_pointer_of_its_field(
    world: "World", ada: str, body: dict[str, Any], pointer: str
) -> None:
    refused = await world.create(ada, body)
    assert refused.status_code == 422, refused.text
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert "function" not in refused.text


@pytest.mark.parametrize("terms_rev", [None, "1", 1.5, True, 0, -1])
async def test_terms_rev_is_a_number_from_1_on(world: "World", ada: str, bo: str, terms_rev: Any) -> None:
    id = await world.proposed(ada, bo)
    refused = await world.send("POST", f"/v1/transactions/{id}/accept", bo, {"terms_rev": terms_rev})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/terms_rev")


MALFORMED = {
    "cut off": b'{"title": "x"',
    "no JSON": b"title=x",
    "NaN": b'{"title": NaN}',
    "infinity": b'{"legs": {"a": {"minutes": Infinity}}}',
    "a name twice": b'{"title": "x", "title": "y"}',
    "a name twice in a leg": b'{"legs": {"a": {"minutes": 15, "minutes": 30}}}',
    "a lone surrogate": b'{"title": "\\ud800"}',
    "a lone surrogate in a name": b'{"\\ud800": 1}',
    "no Unicode": b'{"title": "\xe9"}',
    "nested 900 deep": b'{"title":' + b"[" * 900 + b"]" * 900 + b"}",
    "nested 919 deep": b'{"title":' + b"[" * 919 + b"]" * 919 + b"}",
    "nested without end": b"[" * 100_000,
    "a number of 5000 digits": b'{"legs": {"a": {"minutes": ' + b"9" * 5000 + b"}}}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_cannot_be_read_is_400_on_every_route_that_writes(
    world: "World", ada: str, bo: str, body: bytes
) -> None:
    id = await world.drafted(ada, bo)
    answers = [
        await world.create(ada, body),
        await world.patch(id, ada, body, 1),
        *[
            await world.send("POST", f"/v1/transactions/{id}/{verb}", ada, body)
            for verb in ("propose", "accept", "finalize")
        ],
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, "bad-request")] * 5
    assert not any("sys." in answer.text or "recursion" in answer.text for answer in answers)
    assert (await world.get(f"/{id}", ada)).json()["version"] == 1


async def test_text_of_every_script_is_kept_as_it_was_written(world: "World", ada: str) -> None:
    title, note = "Gitarre 🎸 für Ελληνικά", "first\n\nthird 🧶"
    created = await world.create(ada, {"title": title, "note": note.replace("\n", "\r\n")})
    read = (await world.get(f"/{created.json()['id']}", ada)).json()
    assert (read["title"], read["note"]) == (title, note)
