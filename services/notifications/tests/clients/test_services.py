"""The users and transactions services, asked as the worker."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.internal_client import InternalService
from skillsync_notifications.clients import AnalyticsService, TransactionsService, UsersService
from skillsync_notifications.entities import Brief, Contact, Exchange, ExchangeLeg, Hours, SkillCount, WatchedOffering

Answer = Callable[[httpx2.Request], httpx2.Response]
CONTACT = {
    "id": "u1",
    "email": "bo@people.example",
    "first_name": "Bo",
    "display_name": "Bo B.",
    "locale": "de",
    "time_zone": "Europe/Berlin",
    "status": "active",
}
TRANSACTION = {
    "id": "t1",
    "title": "Guitar for German",
    "note": "Hi",
    "state": "finalized",
    "scheduled_for": "2030-07-01T12:00:00Z",
    "updated_at": "2030-01-01T12:00:00Z",
    "participants": [
        {"id": "a", "first_name": "Ana", "last_name": "A", "display_name": "Ana A."},
        {"id": "b", "first_name": "Bo", "last_name": "B", "display_name": ""},
    ],
    "legs": {"a": {"giver": "a", "receiver": "b", "skill": "guitar", "minutes": 60}},
}


class CountedTokens:
    """A fake of the worker's tokens: a new one whenever the last was forgotten."""

    def __init__(self) -> None:
        self.number = 1

    async def get(self) -> str:
        return f"token-{self.number}"

    def forget(self, token: str) -> None:
        assert token == f"token-{self.number}"
        self.number += 1


class Service:
    """Another service, of which `answer` says what it answers; it remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[httpx2.Request] = []

        def handle(request: httpx2.Request) -> httpx2.Response:
            self.asked.append(request)
            return answer(request)

        client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
        self.tokens = CountedTokens()
        self.internal = InternalService(ServiceClient(client, "other", "http://other.example"), self.tokens)


def always(status: int, body: Any = None) -> Answer:
    return lambda request: httpx2.Response(status, json=body)


async def test_a_contact_is_read_from_the_users_service() -> None:
    service = Service(always(200, CONTACT))
    contact = await UsersService(service.internal).contact("u1")
    assert contact == Contact("bo@people.example", "Bo B.", "de", "Europe/Berlin")
    (asked,) = service.asked
    assert str(asked.url) == "http://other.example/internal/users/u1/contact"
    assert asked.headers["authorization"] == "Bearer token-1"


async def test_a_contact_needs_an_address_and_little_else() -> None:
    service = Service(always(200, {"email": "bo@people.example", "first_name": "Bo", "display_name": ""}))
    assert await UsersService(service.internal).contact("u1") == Contact("bo@people.example", "Bo", "en", "UTC")


async def test_a_transaction_is_read_as_its_recipient_sees_it() -> None:
    service = Service(always(200, TRANSACTION))
    exchange = await TransactionsService(service.internal).exchange("t1", "b")
    assert exchange is not None
    assert str(service.asked[0].url) == "http://other.example/internal/transactions/t1?as=b"
    assert (exchange.title, exchange.note) == ("Guitar for German", "Hi")
    assert exchange.scheduled_for == datetime(2030, 7, 1, 12, tzinfo=UTC)
    assert exchange.names == {"a": "Ana A.", "b": "Bo"}
    assert exchange.legs == (ExchangeLeg("Ana A.", "Bo", "guitar", 60),)


async def read(viewer: str = "b", **changes: Any) -> Exchange:
    exchange = await TransactionsService(Service(always(200, {**TRANSACTION, **changes})).internal).exchange(
        "t1", viewer
    )
    assert exchange is not None
    return exchange


ACCEPTED = [{"user": user, "terms_rev": 2, "at": "2030-01-01T12:00:00Z"} for user in ("a", "b")]


async def test_what_a_letter_says_of_its_state_is_read() -> None:
    exchange = await read(version=5, expires_at="2030-02-01T12:00:00Z", finalizes_at=None, reason="Away.")
    assert (exchange.state, exchange.version, exchange.reason) == ("finalized", 5, "Away.")
    assert (exchange.expires_at, exchange.finalizes_at) == (datetime(2030, 2, 1, 12, tzinfo=UTC), None)
    assert (await read(reason=None)).reason == ""


@pytest.mark.parametrize(
    ("terms_rev", "acceptances", "is_agreed"),
    [(2, ACCEPTED, True), (2, ACCEPTED[:1], False), (3, ACCEPTED, False), (2, [], False)],
)
async def test_agreed_is_what_everybody_accepted_as_it_stands(
    terms_rev: int, acceptances: list[Any], is_agreed: bool
) -> None:
    assert (await read(terms_rev=terms_rev, acceptances=acceptances)).is_agreed is is_agreed


async def test_the_viewers_own_time_is_that_of_their_legs() -> None:
    legs = {
        "a": {"giver": "a", "receiver": "b", "skill": "guitar", "minutes": 60},
        "b": {"giver": "b", "receiver": "c", "skill": "german", "minutes": 90},
        "c": {"giver": "c", "receiver": "a", "skill": "piano", "minutes": 45},
    }
    assert [(await read(viewer, legs=legs)).own_minutes for viewer in ("a", "b", "c")] == [105, 150, 135]


@pytest.mark.parametrize(
    ("state", "reverses_id", "acceptances", "reason"),
    [
        ("declined", None, [], "Away."),
        ("cancelled", None, ACCEPTED, "Away."),
        ("proposed", "t0", [], "Away."),
        # It may be why the earlier one is undone, and not why this one ended.
        ("declined", "t0", [], ""),
        ("cancelled", "t0", ACCEPTED[:1], ""),
        # To call off what is agreed needs a reason.
        ("cancelled", "t0", ACCEPTED, "Away."),
    ],
)
async def test_a_reason_is_told_only_as_what_it_was_given_for(
    state: str, reverses_id: str | None, acceptances: list[Any], reason: str
) -> None:
    told = await read(state=state, reverses_id=reverses_id, acceptances=acceptances, terms_rev=2, reason="Away.")
    assert told.reason == reason


async def test_what_is_not_there_is_none() -> None:
    service = Service(always(404, {"code": "not-found"}))
    assert await UsersService(service.internal).contact("u1") is None
    assert await TransactionsService(service.internal).exchange("t1", "b") is None


async def test_a_refused_token_is_replaced_once() -> None:
    def expired_first(request: httpx2.Request) -> httpx2.Response:
        known = request.headers["authorization"] == "Bearer token-2"
        return httpx2.Response(200, json=CONTACT) if known else httpx2.Response(401)

    service = Service(expired_first)
    assert await UsersService(service.internal).contact("u1") is not None
    assert [request.headers["authorization"] for request in service.asked] == ["Bearer token-1", "Bearer token-2"]

    stubborn = Service(always(401))
    with pytest.raises(DependencyUnavailable):
        await UsersService(stubborn.internal).contact("u1")
    assert len(stubborn.asked) == 2


@pytest.mark.parametrize("status", [400, 403, 500, 503])
async def test_another_answer_is_no_answer(status: int) -> None:
    with pytest.raises(DependencyUnavailable):
        await UsersService(Service(always(status)).internal).contact("u1")


@pytest.mark.parametrize(
    "body", [{**CONTACT, "email": 7}, {"address": "bo@people.example"}, [CONTACT], "bo@people.example"]
)
async def test_an_unreadable_contact_is_not_quoted(body: Any) -> None:
    with pytest.raises(DependencyUnavailable) as unreadable:
        await UsersService(Service(always(200, body)).internal).contact("u1")
    assert "people.example" not in repr(unreadable.value) + repr(unreadable.value.__cause__)
    assert unreadable.value.__suppress_context__


@pytest.mark.parametrize("status", ["active", "paused"])
async def test_an_offering_that_is_not_active_ends_for_nobody(status: str) -> None:
    ends = datetime(2030, 1, 31, 12, tzinfo=UTC)
    told = {"id": "o1", "owner": "b", "kind": "offer", "skill": "guitar", "status": status, "version": 3, "more": 1}
    service = Service(always(200, {**told, "expires_at": ends.isoformat()}))
    found = await UsersService(service.internal).offering("o1")
    assert found == WatchedOffering("o1", "b", "offer", "guitar", 3, ends if status == "active" else None)
    assert service.asked[0].url.path == "/internal/offerings/o1"
    assert await UsersService(Service(always(404)).internal).offering("o1") is None
    with pytest.raises(DependencyUnavailable, match="cannot be read"):
        await UsersService(Service(always(200, told)).internal).offering("o1")


async def test_hours_are_asked_for_since_a_moment() -> None:
    statement = {"balance": 150, "available": 90, "floor": -600, "minutes_given": 90, "minutes_received": 60, "more": 1}
    service = Service(always(200, statement))
    since = datetime(2030, 1, 1, 12, tzinfo=UTC)
    assert await TransactionsService(service.internal).hours("b", since) == Hours(150, 90, -600, 90, 60)
    assert service.asked[0].url.path == "/internal/statements/b"
    assert service.asked[0].url.params["since"] == "2030-01-01T12:00:00+00:00"
    for body in ({**statement, "floor": None}, None):
        with pytest.raises(DependencyUnavailable, match="cannot be read"):
            await TransactionsService(Service(always(200, body)).internal).hours("b", since)


ROWS: dict[str, list[dict[str, Any]]] = {
    "members": [{"start": "2030-01-07", "active": 9, "new": None, "dormant": 4}],
    "funnel": [{"start": "2030-01-07", "proposed": 7, "accepted": 6}],
    "exchanges": [{"start": "2030-01-07", "exchanges": 5, "minutes": 330, "hours": 5.5}],
    "skills": [
        *({"kind": "offer", "rank": n, "skill": f"skill-{n}", "category": "music", "members": 9 - n} for n in range(7)),
        {"kind": "want", "rank": 1, "skill": "piano", "category": "music", "members": 3},
    ],
}


async def test_a_brief_is_the_week_of_four_measures() -> None:
    service = Service(lambda request: httpx2.Response(200, json={"rows": ROWS[request.url.path.rpartition("/")[2]]}))
    brief = await AnalyticsService(service.internal).brief(date(2030, 1, 7))
    offered = tuple(SkillCount(f"skill-{n}", 9 - n) for n in range(5))
    wanted = (SkillCount("piano", 3),)
    assert brief == Brief(date(2030, 1, 7), date(2030, 1, 13), None, 9, 4, 7, 5, 330, offered, wanted)
    asked = {request.url.path: dict(request.url.params) for request in service.asked}
    week = {"from": "2030-01-07", "to": "2030-01-14", "interval": "week"}
    assert asked == {f"/internal/measures/{name}": {} if name == "skills" else week for name in ROWS}


@pytest.mark.parametrize("rows", [[], [{"start": "2030-01-07"}]])
async def test_a_measure_that_cannot_be_read_is_no_brief(rows: list[Any]) -> None:
    with pytest.raises(DependencyUnavailable, match="cannot be read"):
        await AnalyticsService(Service(always(200, {"rows": rows})).internal).brief(date(2030, 1, 7))


async def test_an_unreadable_transaction_is_not_quoted() -> None:
    body = json.loads(json.dumps(TRANSACTION).replace('"minutes": 60', '"minutes": null'))
    with pytest.raises(DependencyUnavailable, match="cannot be read") as unreadable:
        await TransactionsService(Service(always(200, body)).internal).exchange("t1", "b")
    assert unreadable.value.__suppress_context__
