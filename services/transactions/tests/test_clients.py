"""The adapter to the users service: the caller's token, a cache, and an honest failure."""

from collections.abc import Callable

import httpx2
import pytest

from skillsync_kit.cache import Cache
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.ids import new_id
from skillsync_transactions.clients import UsersService
from skillsync_transactions.entities import Name

ADA, BO = "0190c5d4-8f6e-7000-8000-0000000000a1", "0190c5d4-8f6e-7000-8000-0000000000b0"


def person(id: str, **more: object) -> dict[str, object]:
    """A user as the users service shows one."""
    return {"id": id, "first_name": "Given", "last_name": id[-2:], "display_name": "", "about": "", **more}


def users(answer: Callable[[httpx2.Request], httpx2.Response], cache_url: str) -> UsersService:
    """The adapter over a users service that answers so."""
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    # A prefix of its own: no other test's names are in the cache.
    return UsersService(ServiceClient(client, "users", "http://users.example"), Cache(cache_url, new_id()))


async def test_names_are_asked_for_in_one_call_with_the_callers_token_and_remembered(cache_url: str) -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        ids = request.url.params.get_list("id")
        return httpx2.Response(200, json={"items": [person(id, unknown="field") for id in ids], "next": None})

    service = users(answer, cache_url)
    assert await service.names({ADA, BO}, "token-1") == {ADA: Name("Given", "a1", ""), BO: Name("Given", "b0", "")}
    assert await service.names({BO}, "token-2") == {BO: Name("Given", "b0", "")}
    assert [str(request.url) for request in asked] == [f"http://users.example/v1/users?id={ADA}&id={BO}"]
    assert asked[0].headers["authorization"] == "Bearer token-1"


async def test_who_is_no_member_is_left_out_and_asked_for_again(cache_url: str) -> None:
    asked = 0

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal asked
        asked += 1
        return httpx2.Response(200, json={"items": []})

    service = users(answer, cache_url)
    assert await service.names({ADA}, "token") == {}
    assert await service.names({ADA}, "token") == {}
    assert asked == 2


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(500),
        httpx2.Response(404),
        httpx2.Response(302, headers={"location": "http://elsewhere.example"}),
        httpx2.Response(200, json={"people": []}),
        httpx2.Response(200, json={"items": [{"id": ADA}]}),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, text="<html>"),
    ],
    ids=["500", "404", "redirect", "no items", "no names", "a list", "no JSON"],
)
async def test_an_answer_that_cannot_be_used_is_an_unavailable_service(response: httpx2.Response) -> None:
    with pytest.raises(DependencyUnavailable):
        await users(lambda _: response, "mem://").names({ADA}, "token")


async def test_a_service_that_is_away_is_tried_three_times() -> None:
    tries = 0

    def refuse(request: httpx2.Request) -> httpx2.Response:
        nonlocal tries
        tries += 1
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(DependencyUnavailable):
        await users(refuse, "mem://").names({ADA}, "token")
    assert tries == 3


async def test_a_passing_fault_is_passed_over() -> None:
    answers = iter(
        [httpx2.Response(503, headers={"retry-after": "0"}), httpx2.Response(200, json={"items": [person(ADA)]})]
    )
    assert await users(lambda _: next(answers), "mem://").names({ADA}, "token") == {ADA: Name("Given", "a1", "")}
