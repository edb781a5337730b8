"""POST /v1/users: one profile for each person, one account for each address, also at once."""

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.ids import new_id
from skillsync_kit.telemetry import configure
from skillsync_users import tables
from skillsync_users.errors import EmailNotVerified, EmailUnusable

if TYPE_CHECKING:
    from tests.conftest import World


async def count(world: "World", user: str) -> int:
    """How many rows of users have this id."""
    async with world.database.read() as connection:
        query = select(func.count()).select_from(tables.users).where(tables.users.c.id == user)
        return (await connection.execute(query)).scalar_one()


async def test_a_sign_up_makes_the_callers_own_profile(world: "World") -> None:
    ada = new_id()
    world.addresses.addresses[ada] = f"Ada.{ada}@Members.example"
    answer = await world.sign_up(ada, display_name=" Ada B. ", about="Plays\r\nguitar", time_zone="Europe/Berlin")
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/users/{ada}"
    assert answer.headers["etag"] == '"1"'
    body = answer.json()
    assert body.pop("created_at") == body.pop("updated_at") == "2030-01-01T12:00:00Z"
    assert body == {
        "id": ada,
        "email": f"Ada.{ada}@Members.example",
        "first_name": "Ada",
        "last_name": "Berg",
        "display_name": "Ada B.",
        "about": "Plays\nguitar",
        "locale": "en",
        "time_zone": "Europe/Berlin",
        "status": "active",
        "status_reason": None,
        "erasure_due_at": None,
        "version": 1,
    }
    assert [event.type for event in await world.events(ada)] == ["user.created.v1"]


async def test_a_second_sign_up_is_refused_and_a_repeated_one_replayed(world: "World") -> None:
    ada = new_id()
    first = await world.sign_up(ada, key="one")
    again = await world.sign_up(ada, key="one")
    assert (again.status_code, again.text, again.headers["location"]) == (201, first.text, first.headers["location"])
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    other = await world.sign_up(ada, key="two")
    assert (other.status_code, other.json()["code"]) == (409, "profile-exists")
    changed = await world.sign_up(ada, key="one", first_name="Bo")
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency-key-reused")
    assert [event.type for event in await world.events(ada)] == ["user.created.v1"]


async def test_a_repeated_sign_up_is_answered_while_the_user_pool_is_away(world: "World") -> None:
    ada = new_id()
    await world.sign_up(ada, key="one")
    world.addresses.refusal = DependencyUnavailable("The user pool does not answer.")
    assert (await world.sign_up(ada, key="one")).status_code == 201
    refused = await world.sign_up(new_id())
    assert (refused.status_code, refused.json()["code"]) == (503, "dependency-unavailable")
    assert refused.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [(EmailNotVerified(), 403, "email-not-verified"), (EmailUnusable(), 422, "email-unusable")],
)
async def test_without_a_usable_verified_address_nobody_signs_up(
    world: "World", refusal: EmailNotVerified | EmailUnusable, status: int, code: str
) -> None:
    ada = new_id()
    world.addresses.refusal = refusal
    answer = await world.sign_up(ada, key="one")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await count(world, ada) == 0
    # The refusal was not kept: once the address is verified, the same request succeeds.
    world.addresses.refusal = None
    assert (await world.sign_up(ada, key="one")).status_code == 201


async def test_an_address_belongs_to_one_account_whatever_its_case(world: "World") -> None:
    ada, bo = new_id(), new_id()
    world.addresses.addresses = {ada: f"{ada}@members.example", bo: f"{ada.upper()}@Members.EXAMPLE"}
    assert (await world.sign_up(ada)).status_code == 201
    refused = await world.sign_up(bo)
    assert (refused.status_code, refused.json()["code"]) == (409, "email-taken")
    assert ada not in refused.text
    assert await count(world, bo) == 0


async def test_the_longest_address_fits_however_its_letters_unfold(world: "World") -> None:
    ada = new_id()
    world.addresses.addresses[ada] = "\ufb03" * 207 + ada + "@members.ex"
    assert len(world.addresses.addresses[ada]) == 254
    assert (await world.sign_up(ada)).status_code == 201


async def test_neither_log_lines_nor_refusals_hold_addresses_or_tokens(
    world: "World", capsys: pytest.CaptureFixture[str]
) -> None:
    configure("users")
    ada, bo = new_id(), new_id()
    world.addresses.addresses = {ada: f"{ada}@secret.example", bo: f"{ada}@secret.example"}
    answers = [await world.sign_up(ada), await world.sign_up(ada), await world.sign_up(bo)]
    assert [answer.status_code for answer in answers] == [201, 409, 409]
    printed = "".join(capsys.readouterr())
    assert printed.count('"route": "/v1/users"') == 3
    for text in (printed, *(answer.text for answer in answers[1:])):
        assert "secret.example" not in text
        assert "eyJ" not in text


async def test_of_two_sign_ups_at_once_with_one_address_one_succeeds(world: "World", other_process: "World") -> None:
    for _ in range(5):
        people = [new_id(), new_id()]
        address = f"{people[0]}@members.example"
        together = asyncio.Barrier(2)
        for process in (world, other_process):
            process.addresses.addresses = dict.fromkeys(people, address)
            process.addresses.waiting_for = together
        answers = await asyncio.gather(world.sign_up(people[0]), other_process.sign_up(people[1]))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        assert [a.json()["code"] for a in answers if a.status_code == 409] == ["email-taken"]
        assert sum([await count(world, user) for user in people]) == 1


async def test_one_person_signing_up_twice_at_once_has_one_profile(world: "World", other_process: "World") -> None:
    ada = new_id()
    world.addresses.waiting_for = other_process.addresses.waiting_for = asyncio.Barrier(2)
    answers = await asyncio.gather(world.sign_up(ada), other_process.sign_up(ada))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert [a.json()["code"] for a in answers if a.status_code == 409] == ["profile-exists"]


async def test_twenty_equal_requests_at_once_make_one_profile_and_twenty_equal_answers(
    world: "World", other_process: "World"
) -> None:
    ada = new_id()
    processes = [world, other_process] * 10
    answers = await asyncio.gather(*(process.sign_up(ada, key="one") for process in processes))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19
    assert await count(world, ada) == 1
    assert len(await world.events(ada)) == 1


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("first_name", "  ", "/first_name"),
        ("first_name", "A" * 61, "/first_name"),
        ("last_name", None, "/last_name"),
        ("last_name", "Berg\r\nBcc: x@y.example", "/last_name"),
        ("display_name", "A\u202eB", "/display_name"),
        ("about", "x" * 2001, "/about"),
        ("locale", "english", "/locale"),
        ("time_zone", "Mars/Olympus", "/time_zone"),
        ("time_zone", "../etc/passwd", "/time_zone"),
        ("email", "other@members.example", "/email"),
        ("id", "x", "/id"),
        ("status", "active", "/status"),
        ("version", 7, "/version"),
    ],
)
async def test_a_field_that_breaks_a_rule_is_named(world: "World", field: str, value: object, pointer: str) -> None:
    ada = new_id()
    answer = await world.sign_up(ada, **{field: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert await count(world, ada) == 0


async def test_a_key_and_a_token_are_needed(world: "World") -> None:
    assert (await world.sign_up(new_id(), key=None)).json()["code"] == "idempotency-key-required"
    assert (await world.send("POST", "/v1/users", None, {"first_name": 1})).status_code == 401
    assert (await world.send("POST", "/v1/users", new_id(), b"{")).status_code == 400
