"""Tokens: what is forged is refused, whatever it says; what is verified is remembered until it expires."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from fastapi import APIRouter, Depends

from skillsync_kit import auth
from skillsync_kit.app import Health, create_app
from skillsync_kit.auth import (
    Coordinator,
    Keys,
    Operator,
    Person,
    Principal,
    TokenVerifier,
    access,
    current_principal,
    public,
    worker_scope,
)
from skillsync_kit.clock import SystemClock
from skillsync_kit.errors import DependencyUnavailable, Unauthorized
from skillsync_kit.ids import new_id
from skillsync_kit.routing import Route
from skillsync_kit.testing import FixedClock, UserPool

STRANGER = UserPool()


def encode(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def public_pem(pool: UserPool) -> bytes:
    return pool.private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def hs256(pool: UserPool, secret: bytes) -> str:
    # By hand: the library refuses to sign with what looks like a public key.
    signed = f"{encode({'alg': 'HS256', 'typ': 'JWT', 'kid': pool.key_id})}.{encode(pool.claims('ann'))}"
    return f"{signed}.{encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def signed_with(pool: UserPool, signer: UserPool = STRANGER, **header: Any) -> str:
    return jwt.encode(pool.claims("ann"), signer.private_key, "RS256", {"kid": pool.key_id, **header})


def signed_claims(pool: UserPool, claims: Any) -> str:
    """Signed by the pool itself, without the checks of the library's own encoder."""
    return jwt.api_jws.encode(json.dumps(claims).encode(), pool.private_key, "RS256", {"kid": pool.key_id})


def with_signature_of(pool: UserPool, **claims: Any) -> str:
    """A valid token whose claims were exchanged after signing."""
    header, _, signature = pool.token("ann").split(".")
    return f"{header}.{encode(pool.claims('ann', **claims))}.{signature}"


def with_header(pool: UserPool, header: Any) -> str:
    _, claims, signature = pool.token("ann").split(".")
    return f"{encode(header)}.{claims}.{signature}"


def now() -> int:
    return int(datetime.now(UTC).timestamp())


FORGED: dict[str, Callable[[UserPool], str]] = {
    "none": lambda pool: f"{encode({'alg': 'none', 'kid': pool.key_id})}.{encode(pool.claims('ann'))}.",
    "None": lambda pool: f"{encode({'alg': 'None', 'kid': pool.key_id})}.{encode(pool.claims('ann'))}.",
    "alg is a list": lambda pool: with_header(pool, {"alg": ["RS256"], "kid": pool.key_id}),
    "HS256 with the public key": lambda pool: hs256(pool, public_pem(pool)),
    "HS256 with the JWK": lambda pool: hs256(pool, json.dumps(pool.public_jwk()).encode()),
    "HS256 with nothing": lambda pool: hs256(pool, b""),
    "PS256": lambda pool: jwt.encode(pool.claims("ann"), pool.private_key, "PS256", {"kid": pool.key_id}),
    "RS512": lambda pool: jwt.encode(pool.claims("ann"), pool.private_key, "RS512", {"kid": pool.key_id}),
    "another's key": signed_with,
    "jku": lambda pool: signed_with(pool, jku="https://evil.example/keys.json"),
    "x5u": lambda pool: signed_with(pool, x5u="https://evil.example/cert.pem"),
    "jwk": lambda pool: signed_with(pool, jwk={**STRANGER.public_jwk(), "kid": pool.key_id}),
    "x5c": lambda pool: signed_with(pool, x5c=[base64.b64encode(public_pem(STRANGER)).decode()]),
    "crit": lambda pool: jwt.encode(
        pool.claims("ann"), pool.private_key, "RS256", {"kid": pool.key_id, "crit": ["x"], "x": 1}
    ),
    "b64": lambda pool: jwt.encode(
        pool.claims("ann"), STRANGER.private_key, "RS256", {"kid": pool.key_id, "b64": False}
    ),
    "unknown kid": lambda pool: jwt.encode(pool.claims("ann"), pool.private_key, "RS256", {"kid": "other"}),
    "no kid": lambda pool: jwt.encode(pool.claims("ann"), pool.private_key, "RS256"),
    "kid is a number": lambda pool: with_header(pool, {"alg": "RS256", "kid": 1}),
    "kid is a path": lambda pool: signed_with(pool, kid="../../etc/passwd"),
    "kid is no Unicode": lambda pool: with_header(pool, b'{"alg":"RS256","kid":"\\ud800"}'),
    "other issuer": lambda pool: pool.token("ann", iss="https://evil.example"),
    "issuer is a prefix": lambda pool: pool.token("ann", iss=pool.issuer + "/"),
    "issuer is a list": lambda pool: signed_claims(pool, pool.claims("ann", iss=[pool.issuer])),
    "other client": lambda pool: pool.token("ann", client_id="other"),
    "client is a list": lambda pool: pool.token("ann", client_id=[pool.web_client_id]),
    "ID token": lambda pool: pool.token("ann", **{"token_use": "id"}, aud=pool.web_client_id, client_id=None),
    "ID token with client": lambda pool: pool.token("ann", **{"token_use": "id"}),
    "token use is upper case": lambda pool: pool.token("ann", **{"token_use": "ACCESS"}),
    "expired": lambda pool: pool.token("ann", exp=now() - 61),
    "not yet valid": lambda pool: pool.token("ann", nbf=now() + 90),
    "exp is text": lambda pool: pool.token("ann", exp="tomorrow"),
    "nbf is text": lambda pool: pool.token("ann", nbf="tomorrow"),
    "sub is a number": lambda pool: pool.token("ann", sub=1),
    "sub has a blank at its end": lambda pool: pool.token("ann "),
    "no exp": lambda pool: pool.token("ann", exp=None),
    "no iss": lambda pool: pool.token("ann", iss=None),
    "no sub": lambda pool: pool.token("ann", sub=None),
    "no token_use": lambda pool: pool.token("ann", **{"token_use": None}),
    "no client_id": lambda pool: pool.token("ann", client_id=None),
    "claims exchanged": lambda pool: with_signature_of(pool, sub="bo"),
    "no signature": lambda pool: pool.token("ann").rpartition(".")[0] + ".",
    "signature of another token": lambda pool: ".".join(
        [*pool.token("ann").split(".")[:2], pool.token("bo").split(".")[2]]
    ),
    "claims are no object": lambda pool: signed_claims(pool, []),
    "header is no object": lambda pool: with_header(pool, []),
    "header is nested": lambda pool: with_header(pool, b"[" * 40_000),
    "header is nested objects": lambda pool: with_header(pool, b'{"a":' * 20_000),
    "header holds a huge number": lambda pool: with_header(pool, b'{"alg":"RS256","kid":' + b"9" * 5000 + b"}"),
    "header is no Unicode": lambda pool: with_header(pool, b"\xff\xfe"),
    "garbage": lambda _: "garbage",
    "dots": lambda _: "..",
    "five parts": lambda _: "a.b.c.d.e",
    "100 kB": lambda _: "a" * 100_000,
    "100 kB in parts": lambda _: ".".join(["a" * 33_000] * 3),
    "NUL": lambda _: "\x00.\x00.\x00",
    "beyond ASCII": lambda _: "é.é.é",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_token_is_refused(forge: Callable[[UserPool], str], pool: UserPool) -> None:
    verifier = pool.verifier(SystemClock())
    token = forge(pool)
    for _ in range(2):
        with pytest.raises(Unauthorized):
            await verifier.verify(token)


async def test_a_valid_token_is_a_person(pool: UserPool) -> None:
    token = pool.token("ann", **{"cognito:groups": ["coordinator"]}, nbf=now() - 1)
    person = await pool.verifier(SystemClock()).verify(token)
    assert person == Principal(id="ann", token=token, groups=frozenset({"coordinator"}))


@pytest.mark.parametrize(("claim", "offset"), [("exp", -20), ("nbf", 20)])
async def test_clocks_may_differ_by_less_than_a_minute(pool: UserPool, claim: str, offset: int) -> None:
    principal = await pool.verifier(SystemClock()).verify(pool.token("ann", **{claim: now() + offset}))
    assert principal.id == "ann"
    assert auth._LEEWAY_SECONDS <= 60


async def test_a_worker_has_scopes_and_no_groups_and_a_person_no_scopes(pool: UserPool) -> None:
    verifier = pool.verifier(SystemClock())
    forged_groups = {"cognito:groups": ["operator"]}
    worker = await verifier.verify(
        pool.token(
            pool.worker_client_id, client_id=pool.worker_client_id, scope="skillsync/a skillsync/b", **forged_groups
        )
    )
    assert worker.is_worker
    assert (worker.groups, worker.scopes) == (frozenset(), frozenset({"skillsync/a", "skillsync/b"}))
    person = await verifier.verify(pool.token("ann", scope="skillsync/a"))
    assert not person.is_worker
    assert person.scopes == frozenset()


async def test_without_a_worker_client_nobody_is_a_worker(pool: UserPool) -> None:
    verifier = TokenVerifier(pool.key_of, SystemClock(), issuer=pool.issuer, web_client_id=pool.web_client_id)
    with pytest.raises(Unauthorized):
        await verifier.verify(pool.worker_token("skillsync/a"))


async def test_a_verified_token_is_remembered_until_it_expires(pool: UserPool) -> None:
    clock = FixedClock(datetime.now(UTC))
    asked: list[str] = []

    async def key_of(key_id: str) -> jwt.PyJWK:
        asked.append(key_id)
        return await pool.key_of(key_id)

    verifier = TokenVerifier(key_of, clock, issuer=pool.issuer, web_client_id=pool.web_client_id)
    token = pool.token("ann", exp=now() + 600)
    first = await verifier.verify(token)
    assert await verifier.verify(token) is first
    assert len(asked) == 1
    clock.advance(seconds=599)
    await verifier.verify(token)
    assert len(asked) == 1
    clock.advance(seconds=2)
    await verifier.verify(token)
    assert len(asked) == 2, "what is remembered has expired, so it is verified again"


async def test_an_expired_token_that_was_remembered_is_refused(pool: UserPool) -> None:
    clock = FixedClock(datetime.now(UTC))
    verifier = pool.verifier(clock)
    almost_over = pool.token("ann", exp=now() - auth._LEEWAY_SECONDS + 1)
    await verifier.verify(almost_over)
    # Remembered, but past its exp: each use is a verification anew, so the leeway is not stretched.
    assert verifier._verified
    with pytest.raises(Unauthorized):
        await verifier.verify(pool.token("ann", exp=now() - auth._LEEWAY_SECONDS - 1))


async def test_what_is_remembered_is_bounded(pool: UserPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_REMEMBERED_TOKENS", 3)
    verifier = pool.verifier(SystemClock())
    for number in range(6):
        await verifier.verify(pool.token(f"ann-{number}"))
    assert len(verifier._verified) == 3


class KeyServer:
    """The pool's key URL: counts fetches and answers what it is told."""

    def __init__(self, pool: UserPool) -> None:
        self.fetches = 0
        self.answer: Any = {"keys": [pool.public_jwk()]}
        self.status = 200

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.fetches += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return httpx2.Response(self.status, json=self.answer)

    def keys(self) -> Keys:
        return Keys(httpx2.AsyncClient(transport=httpx2.MockTransport(self)), "https://keys.example/jwks.json")


@pytest.fixture
def key_server(pool: UserPool) -> KeyServer:
    return KeyServer(pool)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Monotonic seconds, as a list of one that a test may change."""
    seconds = [1000.0]
    monkeypatch.setattr(auth, "monotonic_seconds", lambda: seconds[0])
    return seconds


async def test_a_flood_of_unknown_key_ids_fetches_the_keys_at_most_once_a_minute(
    key_server: KeyServer, pool: UserPool, time: list[float]
) -> None:
    keys = key_server.keys()
    await keys.get(pool.key_id)

    async def flood() -> None:
        answers = await asyncio.gather(*(keys.get(f"invented-{n}") for n in range(200)), return_exceptions=True)
        assert all(isinstance(answer, Unauthorized) for answer in answers)

    await flood()
    time[0] += 59
    await flood()
    assert key_server.fetches == 1
    time[0] += 2
    await flood()
    await flood()
    assert key_server.fetches == 2


async def test_a_flood_at_the_start_fetches_once(key_server: KeyServer, pool: UserPool, time: list[float]) -> None:
    keys = key_server.keys()
    wanted = [pool.key_id, *(f"invented-{n}" for n in range(50)), pool.key_id]
    answers = await asyncio.gather(*(keys.get(key_id) for key_id in wanted), return_exceptions=True)
    assert key_server.fetches == 1
    assert [type(answer) for answer in answers] == [jwt.PyJWK, *[Unauthorized] * 50, jwt.PyJWK]


async def test_a_new_key_is_found_after_a_rotation(key_server: KeyServer, pool: UserPool, time: list[float]) -> None:
    keys = key_server.keys()
    await keys.get(pool.key_id)
    key_server.answer = {"keys": [{**pool.public_jwk(), "kid": "key-2"}]}
    time[0] += 61
    assert (await keys.get("key-2")).key_id == "key-2"
    with pytest.raises(Unauthorized):
        await keys.get(pool.key_id)


NO_KEYS = {
    "refused": httpx2.ConnectError("refused"),
    "slow": httpx2.ReadTimeout("slow"),
    "no object": [],
    "text": "keys",
    "no keys": {"keys": []},
    "no list": {"keys": 7},
    "no JWK": {"keys": [{"kty": "RSA"}]},
    "keys are text": {"keys": ["a"]},
    "null": None,
}


@pytest.mark.parametrize("answer", NO_KEYS.values(), ids=NO_KEYS.keys())
async def test_without_any_keys_the_answer_is_503_and_heals(
    key_server: KeyServer, pool: UserPool, time: list[float], answer: Any
) -> None:
    good, key_server.answer = key_server.answer, answer
    keys = key_server.keys()
    answers = await asyncio.gather(*(keys.get(pool.key_id) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(each, DependencyUnavailable) for each in answers)
    assert key_server.fetches == 1, "those who waited for the fetch do not each try it anew"
    key_server.answer = good
    time[0] += 2
    assert (await keys.get(pool.key_id)).key_id == pool.key_id


async def test_an_error_of_the_key_url_is_503(key_server: KeyServer, pool: UserPool, time: list[float]) -> None:
    key_server.status = 500
    with pytest.raises(DependencyUnavailable):
        await key_server.keys().get(pool.key_id)


async def test_keys_at_hand_outlive_a_key_url_that_is_away(
    key_server: KeyServer, pool: UserPool, time: list[float]
) -> None:
    keys = key_server.keys()
    await keys.get(pool.key_id)
    key_server.answer = httpx2.ConnectError("refused")
    time[0] += 61
    with pytest.raises(Unauthorized):
        await keys.get("invented")
    assert (await keys.get(pool.key_id)).key_id == pool.key_id
    with pytest.raises(Unauthorized):
        await keys.get("invented-too")
    assert key_server.fetches == 2


@pytest.fixture
async def client(pool: UserPool) -> AsyncIterator[httpx2.AsyncClient]:
    router = APIRouter(route_class=Route)

    @router.get("/v1/people", openapi_extra=access(owner=200, worker=403))
    async def people(by: Person) -> str:
        return by.id

    @router.get("/v1/figures", openapi_extra=access(owner=403, coordinator=200, worker=403))
    async def figures(by: Coordinator) -> str:
        return by.id

    @router.get("/v1/queues", openapi_extra=access(owner=404, operator=200, worker=404))
    async def queues(by: Operator) -> str:
        return by.id

    @router.get("/internal/contact", openapi_extra=access(owner=404, worker=200))
    async def contact(by: Annotated[Principal, Depends(worker_scope("skillsync/users.contact"))]) -> str:
        return by.id

    @router.get("/v1/anyone", openapi_extra=access(owner=200, worker=200))
    async def anyone(by: Annotated[Principal, Depends(current_principal)]) -> str:
        return by.id

    app = create_app("things", health=Health(), verifier=pool.verifier(SystemClock()), routers=[router], state={})
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://things.example") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_a_request_with_a_forged_token_gets_401(
    forge: Callable[[UserPool], str], pool: UserPool, client: httpx2.AsyncClient
) -> None:
    raw = [(b"authorization", b"Bearer " + forge(pool).encode("latin-1"))]
    answer = await client.get("/v1/people", headers=raw)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "bearer", "Token x", "Bearer  "])
async def test_a_request_without_a_token_gets_401(client: httpx2.AsyncClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await client.get("/v1/people", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_workers_and_people_each_have_their_routes(client: httpx2.AsyncClient, pool: UserPool) -> None:
    person, worker = pool.token(new_id()), pool.worker_token("skillsync/users.contact")
    scopeless = pool.worker_token("skillsync/transactions.read")
    with_scope = pool.token(new_id(), scope="skillsync/users.contact")
    expected = {
        "/v1/people": {person: 200, worker: 403, scopeless: 403, with_scope: 200},
        "/internal/contact": {person: 404, worker: 200, scopeless: 404, with_scope: 404},
        "/v1/anyone": {person: 200, worker: 200, scopeless: 200, with_scope: 200},
    }
    for path, callers in expected.items():
        for token, status in callers.items():
            assert (await client.get(path, headers=bearer(token))).status_code == status


async def test_only_a_coordinator_is_let_through_to_what_is_for_coordinators(
    client: httpx2.AsyncClient, pool: UserPool
) -> None:
    groups = {"cognito:groups": ["operator", "coordinator"]}
    refused = {
        "no group": (pool.token("ann"), "not-a-coordinator"),
        "another group": (pool.token("ann", **{"cognito:groups": ["coordinators", "operator"]}), "not-a-coordinator"),
        "a worker": (pool.token("w", client_id=pool.worker_client_id, scope="skillsync/a", **groups), "forbidden"),
    }
    for who, (token, code) in refused.items():
        answer = await client.get("/v1/figures", headers=bearer(token))
        assert (answer.status_code, answer.json()["code"]) == (403, code), who
    answer = await client.get("/v1/figures", headers=bearer(pool.token("ann", **groups)))
    assert (answer.status_code, answer.json()) == (200, "ann")


async def test_to_all_but_operators_a_route_for_operators_is_not_there(
    client: httpx2.AsyncClient, pool: UserPool
) -> None:
    operator = {"cognito:groups": ["coordinator", "operator"]}
    refused = [
        pool.token("ann"),
        pool.token("ann", **{"cognito:groups": ["coordinator", "operators"]}),
        pool.worker_token("skillsync/operations.read"),
        pool.token("w", client_id=pool.worker_client_id, scope="skillsync/operations.read", **operator),
    ]
    unknown = (await client.get("/v1/nothing", headers=bearer(refused[0]))).json()
    for token in refused:
        answer = await client.get("/v1/queues", headers=bearer(token))
        assert (answer.status_code, answer.json()) == (404, unknown)
    answer = await client.get("/v1/queues", headers=bearer(pool.token("ann", **operator)))
    assert (answer.status_code, answer.json()) == (200, "ann")


async def test_the_scheme_is_read_in_any_case(client: httpx2.AsyncClient, pool: UserPool) -> None:
    answer = await client.get("/v1/people", headers={"Authorization": f"bEARER   {pool.token('ann')}"})
    assert (answer.status_code, answer.json()) == (200, "ann")


def test_whom_a_row_does_not_name_is_a_stranger() -> None:
    row = access(owner=200, counterparty=200, stranger=404, coordinator=200, worker=403)["x-access"]
    assert (row["former_candidate"], row["coordinator"], row["operator"], row["anonymous"]) == (404, 200, 404, 401)
    assert set(public()["x-access"]) == set(row)
