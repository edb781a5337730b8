"""What the gateway, and each service by itself, answers to tokens that must not pass."""

import base64
import json

import httpx2
import pytest

from skillsync_testing.member import Member, swap
from skillsync_testing.system import System


@pytest.fixture(scope="module")
def pair(system: System) -> tuple[Member, Member]:
    """Two members."""
    return system.member("Ana").make_profile(), system.member("Bo").make_profile()


def _bad_tokens(member: Member) -> dict[str, str | None]:
    header, payload, signature = member.token.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    return {
        "no token": None,
        "tampered": f"{header}.{payload}.{signature[:-6]}AAAAAA",
        "alg none": f"{none}.{payload}.",
        "garbage": "not-a-token",
    }


def test_bad_tokens_are_refused_at_the_gateway_and_at_the_service(system: System, pair: tuple[Member, Member]) -> None:
    ana, bo = pair
    id = ana.draft(swap(bo))["id"]
    doors = {"gateway": system.status["api"], "service": system.process("transactions")["url"] + "/v1"}
    answers = {
        (door, kind): httpx2.get(
            f"{base}/transactions/{id}", headers={"Authorization": f"Bearer {token}"} if token else {}
        ).status_code
        for door, base in doors.items()
        # An ID token passes API Gateway's authorizer; behind the gateway it is the service that refuses it.
        for kind, token in {**_bad_tokens(ana), "id token": ana.id_token}.items()
    }
    assert answers == dict.fromkeys(answers, 401)
    for base in doors.values():
        strangers = httpx2.get(f"{base}/transactions/{id}", headers={"Authorization": f"Bearer {bo.token}"})
        assert strangers.status_code == 404


def test_a_client_cannot_say_who_it_is(system: System, pair: tuple[Member, Member]) -> None:
    ana, bo = pair
    id = ana.draft(swap(bo))["id"]
    forged = {"X-User-Id": ana.id, "X-Amzn-Oidc-Identity": ana.id, "X-Forwarded-User": ana.id}
    assert bo.get(f"/transactions/{id}", **forged).status_code == 404


def test_internal_routes_are_not_reachable_through_the_gateway(system: System, pair: tuple[Member, Member]) -> None:
    ana, _ = pair
    gateway = system.status["web"]
    for path in ("/internal/users/" + ana.id + "/contact", "/v1/users/../../internal/users/x", "/health/ready"):
        assert ana.http.get(gateway + path).status_code == 404


def test_internal_routes_do_not_exist_for_people(system: System, pair: tuple[Member, Member]) -> None:
    ana, _ = pair
    users = system.process("users")["url"]
    assert ana.http.get(f"{users}/internal/users/{ana.id}/contact").status_code == 404
