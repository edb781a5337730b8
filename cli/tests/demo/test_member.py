"""Every answer in the demo is checked."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx2
import pytest

from skillsync.demo.member import Member, WrongAnswer, check, check_fields, check_that

if TYPE_CHECKING:
    from tests.conftest import Answers


@pytest.fixture
def ana(answers: "Answers") -> Iterator[Member]:
    with httpx2.Client(base_url=answers.url, trust_env=False) as http:
        yield Member(http, "ana@journey.example", "Ana", "a-token")


def test_a_request_carries_what_a_client_sends(ana: Member, answers: "Answers") -> None:
    answers.plan("POST", "/v1/users", (201, {"id": "1"}))
    answers.plan("PATCH", "/v1/users/me", (200, {}))
    assert ana.post("/v1/users", {"first_name": "Ana"}, 201).json() == {"id": "1"}
    ana.patch("/v1/users/me", {"about": "…"}, '"1"')
    (_, _, posted, _), (_, _, patched, body) = answers.asked
    assert posted["Authorization"] == "Bearer a-token"
    assert len(posted["Idempotency-Key"]) == 36
    assert (patched["If-Match"], patched["Content-Type"], body) == (
        '"1"',
        "application/merge-patch+json",
        {"about": "…"},
    )


def test_a_wrong_status_is_told_with_the_answer(ana: Member, answers: "Answers") -> None:
    answers.plan("GET", "/v1/users/me", (503, {"code": "overloaded"}))
    with pytest.raises(WrongAnswer, match=r"^Ana: GET /v1/users/me should answer 200, but answered 503 .*overloaded"):
        ana.get("/v1/users/me")


def test_no_answer_is_told() -> None:
    with httpx2.Client(base_url="http://127.0.0.1:1", trust_env=False) as http:
        ana = Member(http, "ana@journey.example", "Ana", "a-token")
        with pytest.raises(WrongAnswer, match=r"^Ana: GET /v1/users/me got no answer"):
            ana.get("/v1/users/me")


def test_a_wrong_field_is_told() -> None:
    check_fields("The draft", {"state": "draft", "version": 1}, {"version": 1})
    with pytest.raises(WrongAnswer, match=r"^The draft: version should be 2, but is 1$"):
        check_fields("The draft", {"version": 1}, {"version": 2})
    with pytest.raises(WrongAnswer, match=r"^The draft: state should be 'draft', but is None$"):
        check_fields("The draft", {}, {"state": "draft"})
    with pytest.raises(WrongAnswer, match=r"^Its title should be 1, but is 2$"):
        check("Its title", 2, 1)
    with pytest.raises(WrongAnswer, match=r"^The list should have one, but is \[\]$"):
        check_that("The list should have one", [], bool)
