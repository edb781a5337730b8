"""Profiles and offerings of the demo people."""

from typing import TYPE_CHECKING

import pytest

from skillsync.errors import Problem
from skillsync.local.people import DEMO_PEOPLE
from skillsync.local.provision import SignedIn
from skillsync.local.seeds import AddressTaken, seed

if TYPE_CHECKING:
    from tests.conftest import Answers

PEOPLE = [
    SignedIn(email=person.email, password="", id=str(number), groups=[], access_token=f"token-{number}")
    for number, person in enumerate(DEMO_PEOPLE)
]
ME, USERS, MINE, OFFERINGS = "/v1/users/me", "/v1/users", "/v1/offerings?owner=me&limit=100", "/v1/offerings"


async def test_what_is_missing_is_made(answers: "Answers") -> None:
    answers.plan("GET", ME, (404, {}))
    answers.plan("POST", USERS, (201, {}))
    answers.plan("GET", MINE, (200, {"items": [], "next": None}))
    answers.plan("POST", OFFERINGS, (201, {}))
    await seed(answers.url, PEOPLE)
    assert {body["first_name"] for body in answers.bodies("POST", USERS)} == {"Ana", "Bo", "Cleo", "Dee"}
    made = {(body["kind"], body["skill"]) for body in answers.bodies("POST", OFFERINGS)}
    assert ("offer", "guitar") in made
    assert ("want", "german") in made
    posts = [headers for method, _, headers, _ in answers.asked if method == "POST"]
    assert len({headers["Idempotency-Key"] for headers in posts}) == len(posts)
    assert {headers["Authorization"] for headers in posts} == {f"Bearer token-{number}" for number in range(4)}


async def test_what_is_there_is_left_alone(answers: "Answers") -> None:
    there = [
        {"kind": kind, "skill": skill}
        for person in DEMO_PEOPLE
        for kind, entries in (("offer", person.offers), ("want", person.wants))
        for skill, _ in entries
    ]
    answers.plan("GET", ME, (200, {}))
    answers.plan("GET", MINE, (200, {"items": there, "next": None}))
    await seed(answers.url, PEOPLE)
    assert not [method for method, _, _, _ in answers.asked if method != "GET"]


async def test_a_service_that_is_still_starting_is_asked_again(answers: "Answers") -> None:
    answers.plan("GET", ME, *[(503, {})] * 6, (200, {}))
    answers.plan("GET", MINE, (200, {"items": [], "next": None}))
    answers.plan("POST", OFFERINGS, (502, {}), (201, {}))
    await seed(answers.url, PEOPLE)
    assert len(answers.bodies("POST", OFFERINGS)) == 9


async def test_an_address_of_an_older_pool_is_told(answers: "Answers") -> None:
    answers.plan("GET", ME, (404, {}))
    answers.plan("POST", USERS, (409, {"code": "email-taken"}))
    with pytest.raises(AddressTaken, match=r"@demo\.skillsync\.example"):
        await seed(answers.url, PEOPLE)


async def test_any_other_answer_is_one_line(answers: "Answers") -> None:
    answers.plan("GET", ME, (500, {"code": "internal"}))
    with pytest.raises(Problem, match=r"^Seeding: GET /v1/users/me answered 500 .*internal.*`skillsync logs users`\.$"):
        await seed(answers.url, PEOPLE)
