"""The authorisation matrix: every route of every service, asked by every kind of caller.

A route declares the status each kind of caller gets in its `x-access`; a route without a declaration, or without a
scene here that makes its request, fails. `owner` is the author or holder of the thing, `counterparty` the other
participant, `former_candidate` whom the draft named before it was proposed, `stranger` any other member, `coordinator`
and `operator` one of the pool's group of that name, `worker` a client of the client-credentials grant with every scope.
Here each route is asked in one state; a service's own tests ask in all.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from skillsync_testing.member import Member, swap
from skillsync_testing.system import System, eventually

SERVICES = ("users", "transactions", "notifications", "analytics", "operations")
METHODS = {"get", "post", "put", "patch", "delete"}
PEOPLE = ("owner", "counterparty", "former_candidate", "stranger", "coordinator", "operator")
CALLERS = {*PEOPLE, "worker", "anonymous"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


@dataclass
class Ask:
    """One request, but for the caller's token."""

    path: str
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Cast:
    """The people of a scene."""

    owner: Member
    counterparty: Member
    former_candidate: Member
    stranger: Member
    coordinator: Member
    operator: Member
    # Whom coordinators decide about: the others are needed as they are.
    bystander: Member
    transactions: list[str] = field(default_factory=list)
    proposals: list[str] = field(default_factory=list)

    def offering(self) -> str:
        """An active offering of the owner's; its id."""
        mine = self.owner.get("/offerings?owner=me&skill=guitar").json()["items"]
        id: str = mine[0]["id"] if mine else self.owner.offer("guitar")["id"]
        return id

    def proposal(self) -> str:
        """A new proposal of the owner's of another skill; its id. Few may be open, so the one before is declined."""
        if self.proposals:
            self.coordinator.post(f"/skills/proposals/{self.proposals[-1]}/decline")
        answer = self.owner.post("/skills/proposals", {"name": f"Skill {uuid4().hex}", "category": "music"})
        assert answer.status_code == 201, answer.text
        self.proposals.append(answer.json()["id"])
        return self.proposals[-1]

    def notification(self) -> str:
        """The newest thing the owner was told; its id. A welcome at least comes to everybody."""
        told = eventually(lambda: self.owner.get("/notifications").json()["items"], what="the owner is told something")
        id: str = told[0]["id"]
        return id

    def export(self) -> str:
        """An export of the owner's that is ready; its id."""
        if not self.owner.get("/users/me/exports").json()["items"]:
            assert self.owner.post("/users/me/exports").status_code == 202

        def ready() -> list[str]:
            items = self.owner.get("/users/me/exports").json()["items"]
            return [it["id"] for it in items if it["state"] == "ready"]

        return eventually(ready, what="the owner's export is ready")[0]

    def transaction(self, *verbs: str) -> str:
        """A new transaction between owner and counterparty, led through these verbs; its id.

        A draft is at version 2, for it named the former candidate at first. Few proposals may be open at once, so the
        one before is taken back.
        """
        if self.transactions:
            self.owner.post(f"/transactions/{self.transactions[-1]}/cancel")
        body = swap(self.counterparty)
        candidate = {"giver": self.former_candidate.id, "receiver": "me", "skill": "baking", "minutes": 30}
        id: str = self.owner.draft({**body, "legs": {**body["legs"], "c": candidate}})["id"]
        self.transactions.append(id)
        assert self.owner.patch(f"/transactions/{id}", {"legs": {"c": None}}, 1).status_code == 200
        for verb in verbs:
            if verb == "propose":
                self.owner.propose(id)
            else:
                getattr(self.counterparty, verb)(id, TERMS["terms_rev"])
        return id


Scene = Callable[[Cast], Ask]


def _transaction(suffix: str = "", *verbs: str, body: object = None, **headers: str) -> Scene:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda cast: Ask(f"/v1/transactions/{cast.transaction(*verbs)}{suffix}", body, sent)


def _plain(path: str) -> Scene:
    return lambda _: Ask(path)


def _offering(body: object = None, **headers: str) -> Scene:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda cast: Ask(f"/v1/offerings/{cast.offering()}", body, sent)


def _proposal(suffix: str = "") -> Scene:
    return lambda cast: Ask(f"/v1/skills/proposals/{cast.proposal()}{suffix}")


def _trail(cast: Cast) -> Ask:
    return Ask(f"/v1/operations/exchanges/{cast.transaction('propose')}/trail")


def _anybodys_offering(cast: Cast) -> Ask:
    # Each caller offers something; the skill was not offered by them before.
    return Ask("/v1/offerings", {"kind": "want", "skill": "chess", "text": "any"})


TERMS = {"terms_rev": 2}
REASON = {"reason": "We are both away."}
AGREED = ("propose", "accept")
TOPICS = ("account", "exchanges", "reminders", "digest", "coordination")
PROFILE = {"first_name": "Ana", "last_name": "Testperson"}
SCENES: dict[str, Scene] = {
    "POST /v1/transactions": lambda cast: Ask("/v1/transactions", swap(cast.counterparty) | {"legs": {}}),
    "GET /v1/transactions": _plain("/v1/transactions"),
    "GET /v1/transactions/{id}": _transaction("", "propose"),
    "PATCH /v1/transactions/{id}": _transaction("", "propose", body={"title": "New"}, If_Match='"3"', **MERGE_PATCH),
    "DELETE /v1/transactions/{id}": _transaction("", If_Match='"2"'),
    "GET /v1/transactions/{id}/history": _transaction("/history", "propose"),
    "POST /v1/transactions/{id}/propose": _transaction("/propose"),
    "POST /v1/transactions/{id}/accept": _transaction("/accept", "propose", body=TERMS),
    "POST /v1/transactions/{id}/decline": _transaction("/decline", "propose", body=REASON),
    "POST /v1/transactions/{id}/cancel": _transaction("/cancel", *AGREED, body=REASON),
    "POST /v1/transactions/{id}/finalize": _transaction("/finalize", *AGREED, body=TERMS),
    "POST /v1/transactions/{id}/reverse": _transaction("/reverse", *AGREED, "finalize", body=REASON),
    "GET /v1/ledger": _plain("/v1/ledger"),
    "GET /v1/ledger/balance": _plain("/v1/ledger/balance"),
    "GET /internal/transactions/{id}": lambda cast: Ask(
        f"/internal/transactions/{cast.transaction('propose')}?as={cast.owner.id}"
    ),
    "GET /internal/statements/{owner}": lambda cast: Ask(
        f"/internal/statements/{cast.owner.id}?since=2030-01-01T00:00:00Z"
    ),
    "GET /internal/measures/{measure}": _plain("/internal/measures/exchanges"),
    "GET /internal/events": _plain("/internal/events?limit=1"),
    "GET /internal/books": _plain("/internal/books"),
    "GET /internal/outbox": _plain("/internal/outbox"),
    "GET /internal/failed-messages": _plain("/internal/failed-messages?id=none"),
    "GET /internal/trails/{subject}": _plain(f"/internal/trails/{uuid4()}"),
    "GET /internal/processed-messages": _plain(f"/internal/processed-messages?event={uuid4()}"),
    "GET /internal/mails": _plain(f"/internal/mails?event={uuid4()}"),
    "POST /v1/users": lambda _: Ask("/v1/users", PROFILE),
    "GET /v1/users": lambda cast: Ask(f"/v1/users?id={cast.owner.id}"),
    "GET /v1/users/me": _plain("/v1/users/me"),
    "PATCH /v1/users/me": lambda _: Ask("/v1/users/me", {"about": "Plays"}, {"If-Match": "*", **MERGE_PATCH}),
    # Its days are not over before the next route takes it back.
    "DELETE /v1/users/me": lambda _: Ask("/v1/users/me", None, {"If-Match": "*"}),
    "POST /v1/users/me/restore": _plain("/v1/users/me/restore"),
    "POST /v1/users/me/exports": _plain("/v1/users/me/exports"),
    "GET /v1/users/me/exports": _plain("/v1/users/me/exports"),
    "GET /v1/users/me/exports/{export_id}": lambda cast: Ask(f"/v1/users/me/exports/{cast.export()}"),
    "GET /v1/users/me/exports/{export_id}/file": lambda cast: Ask(f"/v1/users/me/exports/{cast.export()}/file"),
    "GET /internal/exports/{user_id}": lambda cast: Ask(f"/internal/exports/{cast.owner.id}"),
    "GET /internal/erasures": _plain("/internal/erasures"),
    "GET /internal/erasures/{user_id}": lambda cast: Ask(f"/internal/erasures/{cast.owner.id}"),
    "GET /v1/users/{id}": lambda cast: Ask(f"/v1/users/{cast.owner.id}"),
    "POST /v1/users/{id}/suspend": lambda cast: Ask(f"/v1/users/{cast.bystander.id}/suspend", REASON),
    "POST /v1/users/{id}/reinstate": lambda cast: Ask(f"/v1/users/{cast.bystander.id}/reinstate"),
    "GET /v1/users/{id}/stats": lambda cast: Ask(f"/v1/users/{cast.owner.id}/stats"),
    "GET /internal/users/{id}/contact": lambda cast: Ask(f"/internal/users/{cast.owner.id}/contact"),
    "GET /v1/skills": _plain("/v1/skills"),
    "POST /v1/skills/proposals": lambda _: Ask(
        "/v1/skills/proposals", {"name": f"Skill {uuid4().hex}", "category": "music"}
    ),
    "GET /v1/skills/proposals": _plain("/v1/skills/proposals?status=open"),
    "GET /v1/skills/proposals/{id}": _proposal(),
    "POST /v1/skills/proposals/{id}/approve": _proposal("/approve"),
    "POST /v1/skills/proposals/{id}/decline": _proposal("/decline"),
    "POST /v1/offerings": _anybodys_offering,
    "GET /v1/offerings": _plain("/v1/offerings?kind=offer"),
    "GET /v1/offerings/{id}": _offering(),
    "PATCH /v1/offerings/{id}": _offering({"text": "Evenings"}, If_Match="*", **MERGE_PATCH),
    "POST /v1/offerings/{id}/renew": lambda cast: Ask(f"/v1/offerings/{cast.offering()}/renew"),
    "GET /internal/offerings/{id}": lambda cast: Ask(f"/internal/offerings/{cast.offering()}"),
    "DELETE /v1/offerings/{id}": _offering(If_Match="*"),
    "GET /v1/matches": _plain("/v1/matches?kind=direct"),
    "GET /v1/analytics/me": _plain("/v1/analytics/me"),
    "GET /v1/analytics": _plain("/v1/analytics"),
    "GET /v1/analytics/{measure}": _plain("/v1/analytics/exchanges"),
    "GET /v1/operations/system": _plain("/v1/operations/system"),
    # What SNS could not deliver: an emulator delivers everything.
    "POST /v1/operations/queues/{queue}/redrive": _plain("/v1/operations/queues/user-subscription/redrive"),
    "GET /v1/operations/exchanges/{transaction_id}/trail": _trail,
    "GET /v1/notifications": _plain("/v1/notifications"),
    "PATCH /v1/notifications/{id}": lambda cast: Ask(
        f"/v1/notifications/{cast.notification()}", {"read": True}, {"If-Match": "*", **MERGE_PATCH}
    ),
    "POST /v1/notifications/read-all": _plain("/v1/notifications/read-all"),
    "GET /v1/notifications/preferences": _plain("/v1/notifications/preferences"),
    "PUT /v1/notifications/preferences": lambda _: Ask(
        "/v1/notifications/preferences", {topic: {"inbox": True, "mail": True} for topic in TOPICS}, {"If-Match": "*"}
    ),
    # Nobody guesses a token; what a true one opens, the service's own tests ask.
    "GET /v1/unsubscribe/{token}": _plain(f"/v1/unsubscribe/{'A' * 43}"),
    "POST /v1/unsubscribe/{token}": _plain(f"/v1/unsubscribe/{'A' * 43}"),
}


@pytest.fixture(scope="module")
def cast(system: System) -> Cast:
    """Seven members."""
    owner, counterparty, candidate, stranger = (system.member(name) for name in ("Ana", "Bo", "Cleo", "Dana"))
    coordinator, operator = (
        system.member(name, group) for name, group in (("Edo", "coordinator"), ("Gil", "operator"))
    )
    people = Cast(owner, counterparty, candidate, stranger, coordinator, operator, system.member("Flo"))
    for name in (*PEOPLE, "bystander"):
        getattr(people, name).make_profile()
    return people


@pytest.fixture(scope="module")
def worker_token(system: System) -> str:
    """A token of the worker client, with every scope it may have."""
    cognito, secrets = system.aws("cognito-idp"), system.aws("secretsmanager")
    pool = system.status["user_pool_id"]
    clients = cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=10)["UserPoolClients"]
    client = next(c["ClientId"] for c in clients if c["ClientId"] != system.status["client_id"])
    described = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]
    assert secrets.list_secrets()["SecretList"], "the worker's secret is kept in Secrets Manager"
    basic = base64.b64encode(f"{client}:{described['ClientSecret']}".encode()).decode()
    answer = httpx2.post(
        f"{system.status['aws_endpoint']}/oauth2/token",
        data={"grant_type": "client_credentials", "scope": " ".join(described["AllowedOAuthScopes"])},
        headers={"Authorization": f"Basic {basic}"},
    )
    token: str = answer.json()["access_token"]
    return token


def _operations(system: System, service: str) -> dict[str, dict[str, Any]]:
    document = httpx2.get(system.process(service)["url"] + "/openapi.json").json()
    return {
        f"{method.upper()} {path}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    }


def test_the_pool_says_who_is_a_coordinator_and_who_an_operator(cast: Cast) -> None:
    def groups(member: Member) -> list[str]:
        claims = member.token.split(".")[1]
        found: list[str] = json.loads(base64.urlsafe_b64decode(claims + "==")).get("cognito:groups", [])
        return sorted(found)

    assert groups(cast.coordinator) == ["coordinator"]
    assert groups(cast.operator) == ["operator"]
    assert groups(cast.stranger) == []


def test_every_route_declares_who_may_call_it(system: System) -> None:
    undeclared = [
        (service, name)
        for service in SERVICES
        for name, operation in _operations(system, service).items()
        if set(operation.get("x-access", {})) != CALLERS
    ]
    assert undeclared == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_caller_gets_what_the_route_declares(system: System, cast: Cast, worker_token: str, service: str) -> None:
    tokens = {name: getattr(cast, name).token for name in PEOPLE} | {"worker": worker_token, "anonymous": None}
    base = system.process(service)["url"]
    declared: dict[tuple[str, str], int] = {}
    answered: dict[tuple[str, str], int] = {}
    for name, operation in _operations(system, service).items():
        assert name in SCENES, f"{name} has no scene here"
        for caller, token in tokens.items():
            # A scene of its own for each caller: what one does must not change what the next one finds.
            ask = SCENES[name](cast)
            headers = {"Idempotency-Key": uuid4().hex, **ask.headers}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            answer = httpx2.request(name.split()[0], base + ask.path, json=ask.body, headers=headers)
            declared[name, caller] = operation["x-access"][caller]
            answered[name, caller] = answer.status_code
    assert answered == declared
