"""The gateway over real sockets, reading the real edge.yaml, in front of an echoing service and a real JWKS."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import http.client
import json
import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from skillsync.gateway.access_log import AccessLog
from skillsync.gateway.app import MAX_HEAD_BYTES, Gateway
from skillsync.gateway.edge import read_edge
from skillsync.gateway.server import bind, make_server
from skillsync.gateway.upstream import MAX_BODY_BYTES
from skillsync.templates import Template, load

EDGE = next(parent for parent in Path(__file__).parents if (parent / "infra").is_dir()) / "infra/templates/edge.yaml"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
CLIENT = "web-client"
ORIGIN = "http://localhost:8080"
SERVICES = ("Users", "Transactions", "Notifications", "Analytics", "Operations")
FORGED = (
    "x-user-id",
    "X-User-Id",
    "x_user_id",
    "X_User-Id",
    "x-user-email",
    "x-user-groups",
    "x-user-roles",
    "x-principal-id",
    "x-forwarded-user",
    "remote-user",
    "Remote_User",
)
SIGNER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)

Headers = list[tuple[str, str]]


@dataclass
class Reply:
    status: int
    headers: Headers
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def header(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) <= 1
        return values[0] if values else None

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Service:
    """Stands for all four services, a port each: echoes what it got, and serves the keys."""

    release: threading.Event = field(default_factory=threading.Event)
    seen: "queue.Queue[str]" = field(default_factory=queue.Queue)
    key_fetches: int = 0
    keys: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        path = scope["raw_path"].decode()
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, headers, answer = await self.answer(path, scope, body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def answer(self, path: str, scope: Any, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if path == "/jwks.json":
            self.key_fetches += 1
            return 200, [], json.dumps({"keys": self.keys}).encode()
        self.seen.put(path)
        if path == "/v1/users/slow":
            await asyncio.to_thread(self.release.wait, 10)
        special = SPECIAL.get(path.removeprefix("/v1/users/"))
        if special:
            return special
        echo = {
            "port": scope["server"][1],
            "method": scope["method"],
            "path": path,
            "query": scope["query_string"].decode(),
            "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
            "length": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        return 200, [(b"content-type", b"application/json")], json.dumps(echo).encode()


PACKED = gzip.compress(b"packed")
SPECIAL: dict[str, tuple[int, list[tuple[bytes, bytes]], bytes]] = {
    "moved": (307, [(b"location", b"https://elsewhere.example/x")], b""),
    "cookies": (200, [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"etag", b'"3"')], b"ok"),
    "packed": (200, [(b"content-encoding", b"gzip")], PACKED),
    "teapot": (418, [(b"content-type", b"application/problem+json"), (b"retry-after", b"7")], b'{"code":"teapot"}'),
    "unchanged": (304, [(b"etag", b'"3"'), (b"content-length", b"0")], b""),
    "gone": (204, [], b""),
    "own-cors": (
        200,
        [
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", b"secret"),
            (b"vary", b"accept"),
        ],
        b"ok",
    ),
    "hops": (200, [(b"connection", b"x-private"), (b"x-private", b"1"), (b"keep-alive", b"timeout=5")], b"ok"),
    "huge": (200, [], bytes(MAX_BODY_BYTES + 1)),
}


class Lines:
    """A stream for the access log; `next` waits for a line."""

    def __init__(self) -> None:
        self.written: queue.Queue[str] = queue.Queue()

    def write(self, text: str) -> int:
        self.written.put(text)
        return len(text)

    def flush(self) -> None:
        pass

    def next(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.written.get(timeout=10))
        return found


@dataclass
class Rig:
    port: int
    service: Service
    lines: Lines

    def raw(self, request: bytes) -> Reply:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection, method=request.split(b" ", 1)[0].decode())
            response.begin()
            return Reply(response.status, response.getheaders(), response.read())

    def call(
        self, method: str, target: str, headers: Headers | None = None, body: bytes | None = None, *, token: str = ""
    ) -> Reply:
        lines = [f"{method} {target} HTTP/1.1", "host: api.example"]
        lines += [f"{name}: {value}" for name, value in headers or []]
        if token:
            lines.append(f"authorization: Bearer {token}")
        if body is not None:
            lines.append(f"content-length: {len(body)}")
        return self.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))


def serve(server: uvicorn.Server, sockets: list[socket.socket]) -> Callable[[], None]:
    """Runs a server in a thread; returns what stops it. The sockets listen before it starts: no client is refused."""
    for listener in sockets:
        listener.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets})
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()

    return stop


def public_jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": kid, "alg": "RS256", "use": "sig"}


@dataclass
class Services:
    service: Service
    ports: dict[str, int]

    def parameters(self, **changed: str) -> dict[str, str]:
        urls = {f"{name}Url": f"http://127.0.0.1:{port}" for name, port in self.ports.items()}
        return {
            "EnvName": "local",
            "UpstreamMode": "http",
            "UserPoolIssuer": ISSUER,
            "WebClientId": CLIENT,
            "ThrottleRate": "100000",
            "ThrottleBurst": "100000",
            **urls,
            **changed,
        }

    def jwks_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['Users']}/jwks.json"


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    service = Service(keys=[public_jwk(SIGNER, "signer")])
    sockets = [bind("127.0.0.1", 0) for _ in SERVICES]
    config = uvicorn.Config(service, log_config=None, access_log=False, lifespan="off", server_header=False)
    stop = serve(uvicorn.Server(config), sockets)
    yield Services(service, {name: listener.getsockname()[1] for name, listener in zip(SERVICES, sockets, strict=True)})
    service.release.set()
    stop()


Make = Callable[..., Rig]


@pytest.fixture(scope="module")
def make_rig(services: Services) -> Iterator[Make]:
    stops: list[Callable[[], None]] = []

    def make(template: Template | None = None, **parameters: str) -> Rig:
        lines = Lines()
        edge = read_edge(template or load(EDGE), services.parameters(**parameters))
        gateway = Gateway(edge, services.jwks_url(), AccessLog(lines))  # type: ignore[arg-type]
        listener = bind("127.0.0.1", 0)
        stops.append(serve(make_server(gateway, drain_seconds=5), [listener]))
        return Rig(listener.getsockname()[1], services.service, lines)

    yield make
    for stop in stops:
        stop()


@pytest.fixture(scope="module")
def rig(make_rig: Make) -> Rig:
    return make_rig()


def changed_template(change: Callable[[dict[str, Any]], None]) -> Template:
    template = Template(deepcopy(dict(load(EDGE))))
    template.name = "edge.yaml"
    change(template["Resources"])
    return template


def access_claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": ISSUER, "client_id": CLIENT, "token_use": "access", "sub": "u-1", "iat": now, "exp": now + 3600}
    return {name: value for name, value in {**claims, **changed}.items() if value is not None}


def token(key: Any = SIGNER, kid: str = "signer", algorithm: str = "RS256", **changed: Any) -> str:
    return jwt.encode(access_claims(**changed), key, algorithm=algorithm, headers={"kid": kid})


def hs256_with_public_key() -> str:
    """The classic: the published key taken as the shared secret. PyJWT refuses to make one, so by hand."""
    pem = SIGNER.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    parts = ({"alg": "HS256", "typ": "JWT", "kid": "signer"}, access_claims())
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = hmac.new(pem, signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def tampered() -> str:
    header, payload, signature = token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["sub"] = "someone-else"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{header}.{changed}.{signature}"


# Routes


def test_the_real_template_routes_each_first_segment_to_its_service(rig: Rig, services: Services) -> None:
    expected = {
        "/v1/users/u-1/stats": "Users",
        "/v1/offerings": "Users",
        "/v1/skills": "Users",
        "/v1/matches": "Users",
        "/v1/transactions/t-1": "Transactions",
        "/v1/ledger/balance": "Transactions",
        "/v1/notifications": "Notifications",
        "/v1/unsubscribe/abc": "Notifications",
        "/v1/analytics/me": "Analytics",
        "/v1/operations/system": "Operations",
    }
    for path, service in expected.items():
        reply = rig.call("GET", path, token=token())
        assert (path, reply.json()["port"]) == (path, services.ports[service])
        assert reply.json()["path"] == path


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_method_and_body_reach_the_service(rig: Rig, method: str) -> None:
    body = b'{"a": 1}' if method in ("POST", "PATCH") else None
    reply = rig.call(method, "/v1/transactions/t-1", [("content-type", "application/json")], body, token=token())
    echo = reply.json()
    assert (echo["method"], echo["length"]) == (method, len(body or b""))
    assert ["content-type", "application/json"] in echo["headers"]


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1"),
        ("GET", "/v2/users"),
        ("GET", "/v1/users/"),
        ("GET", "/internal/users"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("PUT", "/v1/users"),
        ("HEAD", "/v1/users"),
        ("TRACE", "/v1/users"),
        ("OPTIONS", "/v1/users"),
    ],
)
def test_what_has_no_route_is_not_found(rig: Rig, method: str, target: str) -> None:
    reply = rig.call(method, target, token=token())
    assert reply.status == 404
    assert reply.header("content-type") == "application/json"
    if method != "HEAD":
        assert reply.body == b'{"message":"Not Found"}'


@pytest.mark.parametrize(
    "target",
    [
        "/v1/users/../../internal/users",
        "/v1/users/../../health/live",
        "/v1/users/..",
        "/v1/users/./x",
        "/v1/users/%2e%2e/%2e%2e/internal/users",
        "/v1/users/%2E%2E/%2E./internal/users",
        "/v1/users/.%2e/..%2finternal",
        "/v1/users/..%2f..%2finternal%2fusers",
        "/v1/users/%2e%2e%2f%2e%2e%2finternal%2fusers",
        "/v1/users/..%5c..%5cinternal",
        "/v1/users/..\\..\\internal",
        "/v1/users%2f..%2f..%2finternal",
        "/v1%2fusers",
        "//internal/users",
        "//v1/users",
        "/v1//users",
        "/v1/users//internal",
        "/v1/unsubscribe/../users",
        "/v1/unsubscribe/..%2fusers",
        "/v1/unsubscribe/x/y",
        "/../internal/users",
        "/%69nternal/users",
        "http://api.example/internal/users",
        "/v1/users/..#",
    ],
)
def test_no_spelling_of_a_path_leaves_the_routes(rig: Rig, services: Services, target: str) -> None:
    while not services.service.seen.empty():
        services.service.seen.get_nowait()
    reply = rig.call("GET", target, token=token())
    assert reply.status == 404, reply.body
    assert services.service.seen.empty()


@pytest.mark.parametrize(
    "target",
    [
        "/v1/users/a%2Fb",
        "/v1/users/a%2fb%20c",
        "/v1/users/%C3%A9%e2%82%ac",
        "/v1/users/%252e%252e%252finternal",
        "/v1/users/a;b=c,d:e@f!$&'()*+~",
        "/v1/users/x.y..z",
        "/v1/users/x/",
        '/v1/users/"<>^`{|}',
    ],
)
def test_paths_arrive_byte_for_byte(rig: Rig, target: str) -> None:
    assert rig.call("GET", target, token=token()).json()["path"] == target


def test_query_strings_arrive_byte_for_byte(rig: Rig) -> None:
    query = "id=a&id=b&q=a%20b+c&empty=&flag&%5b%5D=[]&p=../..//&t=%2e%2E&u=http://x.example/?y"
    assert rig.call("GET", f"/v1/users?{query}", token=token()).json()["query"] == query


# Headers of requests


def test_a_client_cannot_send_an_identity(rig: Rig) -> None:
    echo = rig.call("GET", "/v1/users", [(name, "forged-1") for name in FORGED], token=token()).json()
    assert "forged-1" not in json.dumps(echo)


@pytest.mark.parametrize("name", ["x-request-id", "X-Request-Id", "x_request_id", "X_REQUEST-ID"])
def test_the_request_id_is_the_gateways(rig: Rig, name: str) -> None:
    reply = rig.call("GET", "/v1/users", [(name, "forged-1"), (name, "forged-2")], token=token())
    echo = reply.json()
    assert "forged" not in json.dumps(echo)
    assert [value for key, value in echo["headers"] if key == "x-request-id"] == [reply.header("apigw-requestid")]


def test_connection_cannot_remove_what_the_gateway_adds(rig: Rig) -> None:
    named = [("connection", "x-request-id, x-forwarded-for, via, x-private, content-length"), ("x-private", "1")]
    echo = rig.call("POST", "/v1/users", named, b"body", token=token()).json()
    names = [key for key, _ in echo["headers"]]
    assert {"x-request-id", "x-forwarded-for", "via"} <= set(names)
    assert echo["length"] == 4
    assert "x-private" not in names
    assert "connection" not in names


def test_hop_by_hop_headers_end_at_the_gateway(rig: Rig) -> None:
    hops = ("keep-alive", "te", "trailer", "proxy-authorization", "proxy-connection", "upgrade")
    echo = rig.call("GET", "/v1/users", [(name, "x") for name in hops], token=token()).json()
    assert not {key for key, _ in echo["headers"]} & set(hops)


def test_duplicate_headers_and_odd_bytes_reach_the_service(rig: Rig) -> None:
    sent = [("x-twice", "1"), ("x-twice", "2"), ("if-match", '"3"'), ("x-odd", "\xe9\xff")]
    echo = rig.call("GET", "/v1/users", sent, token=token()).json()
    assert [tuple(header) for header in echo["headers"] if tuple(header) in sent] == sent


def test_the_service_learns_who_asked_whom(rig: Rig, services: Services) -> None:
    sent = [("x-forwarded-for", "203.0.113.7"), ("x-forwarded-host", "evil.example"), ("forwarded", "for=9.9.9.9")]
    received = dict(rig.call("GET", "/v1/users", sent, token=token()).json()["headers"])
    assert received["host"] == f"127.0.0.1:{services.ports['Users']}"
    assert received["x-forwarded-for"] == "203.0.113.7, 127.0.0.1"
    assert received["x-forwarded-host"] == "api.example"
    assert received["x-forwarded-proto"] == "http"
    assert received["forwarded"] == 'for=127.0.0.1;host="api.example";proto=http'
    assert received["via"] == "HTTP/1.1 AmazonAPIGateway"


def test_a_host_that_is_no_host_is_not_repeated(rig: Rig) -> None:
    request = f'GET /v1/users HTTP/1.1\r\nhost: a";for="b\r\nauthorization: {token()}\r\n\r\n'
    received = dict(rig.raw(request.encode()).json()["headers"])
    assert received["forwarded"] == "for=127.0.0.1;proto=http"
    assert "x-forwarded-host" not in received


def test_two_lengths_are_refused(rig: Rig, services: Services) -> None:
    head = f"POST /v1/users HTTP/1.1\r\nhost: x\r\nauthorization: {token()}\r\n"
    smuggled = "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /internal HTTP/1.1\r\n\r\n"
    while not services.service.seen.empty():
        services.service.seen.get_nowait()
    assert rig.raw((head + smuggled).encode()).status == 400
    assert services.service.seen.empty()


# Tokens


def test_a_good_token_passes_and_the_service_gets_it(rig: Rig) -> None:
    good = token()
    reply = rig.call("GET", "/v1/users", token=good)
    assert reply.status == 200
    assert ["authorization", f"Bearer {good}"] in reply.json()["headers"]
    bare = rig.call("GET", "/v1/users", [("authorization", good)])
    assert bare.status == 200


def test_no_token_is_refused_with_a_challenge(rig: Rig) -> None:
    reply = rig.call("GET", "/v1/users")
    assert (reply.status, reply.body) == (401, b'{"message":"Unauthorized"}')
    assert reply.header("www-authenticate") == "Bearer"
    assert reply.header("apigw-requestid")


BAD_TOKENS: dict[str, Callable[[], str]] = {
    "alg none": lambda: jwt.encode(access_claims(), "", algorithm="none", headers={"kid": "signer"}),
    "HS256 with the public key": hs256_with_public_key,
    "tampered": tampered,
    "another key under the same id": lambda: token(STRANGER),
    "unknown key id": lambda: token(STRANGER, kid="stranger"),
    "no key id": lambda: jwt.encode(access_claims(), SIGNER, algorithm="RS256"),
    "RS512": lambda: token(algorithm="RS512"),
    "expired": lambda: token(exp=int(time.time()) - 1),
    "no expiry": lambda: token(exp=None),
    "not yet": lambda: token(nbf=int(time.time()) + 60),
    "issued in the future": lambda: token(iat=int(time.time()) + 60),
    "wrong issuer": lambda: token(iss="https://elsewhere.example"),
    "no issuer": lambda: token(iss=None),
    "wrong client": lambda: token(client_id="another"),
    "no client": lambda: token(client_id=None),
    "wrong audience, right client": lambda: token(aud="another"),
    "numeric subject": lambda: token(sub=7),
    "not a token": lambda: "x.y.z",
    "empty": lambda: " ",
    "own key in the header": lambda: jwt.encode(
        access_claims(), STRANGER, algorithm="RS256", headers={"kid": "signer", "jwk": public_jwk(STRANGER, "signer")}
    ),
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_a_bad_token_is_refused(rig: Rig, services: Services, kind: str) -> None:
    while not services.service.seen.empty():
        services.service.seen.get_nowait()
    reply = rig.call("GET", "/v1/users", token=BAD_TOKENS[kind]())
    assert (reply.status, reply.body) == (401, b'{"message":"Unauthorized"}')
    assert (reply.header("www-authenticate") or "").startswith("Bearer")
    assert services.service.seen.empty()


def test_two_tokens_are_refused(rig: Rig) -> None:
    twice = [("authorization", f"Bearer {token()}"), ("authorization", f"Bearer {token()}")]
    assert rig.call("GET", "/v1/users", twice).status == 401


def test_an_id_token_of_the_right_audience_passes_as_at_api_gateway(rig: Rig) -> None:
    id_token = token(client_id=None, aud=CLIENT, **{"token_use": "id"})
    assert rig.call("GET", "/v1/users", token=id_token).status == 200


def test_an_expired_token_is_refused_although_it_was_verified_before(rig: Rig) -> None:
    soon = token(exp=int(time.time()) + 2)
    assert rig.call("GET", "/v1/users", token=soon).status == 200
    deadline = time.monotonic() + 10
    while rig.call("GET", "/v1/users", token=soon).status == 200:
        assert time.monotonic() < deadline
    assert rig.call("GET", "/v1/users", token=soon).status == 401


def test_a_public_route_wants_no_token(rig: Rig) -> None:
    assert rig.call("GET", "/v1/unsubscribe/abc").status == 200
    assert rig.call("POST", "/v1/unsubscribe/abc", [("authorization", "nonsense")]).status == 200


def test_a_flood_of_unknown_keys_costs_no_fetch_after_that_at_the_start(make_rig: Make, services: Services) -> None:
    before = services.service.key_fetches
    flooded = make_rig()
    for number in range(30):
        assert flooded.call("GET", "/v1/users", token=token(STRANGER, kid=f"unknown-{number}")).status == 401
    assert flooded.service.key_fetches - before == 1
    assert flooded.call("GET", "/v1/users", token=token()).status == 200
    assert flooded.service.key_fetches - before == 1


def test_unreachable_keys_refuse_and_do_not_fail(services: Services) -> None:
    closed = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{closed.getsockname()[1]}/jwks.json"
    closed.close()
    listener = bind("127.0.0.1", 0)
    gateway = Gateway(read_edge(load(EDGE), services.parameters()), url, AccessLog(Lines()))  # type: ignore[arg-type]
    stop = serve(make_server(gateway, drain_seconds=5), [listener])
    try:
        reply = Rig(listener.getsockname()[1], services.service, Lines()).call("GET", "/v1/users", token=token())
        assert reply.status == 401
    finally:
        stop()


def test_a_route_with_scopes_wants_one_of_them(make_rig: Make) -> None:
    def demand(resources: dict[str, Any]) -> None:
        resources["GetSkills"]["Properties"]["AuthorizationScopes"] = ["skillsync/a", "skillsync/b"]

    scoped = make_rig(changed_template(demand))
    refused = scoped.call("GET", "/v1/skills", token=token(scope="skillsync/c openid"))
    assert (refused.status, refused.body) == (403, b'{"message":"Forbidden"}')
    assert scoped.call("GET", "/v1/skills", token=token(scope="openid skillsync/b")).status == 200


# CORS


PREFLIGHT = [("access-control-request-method", "PATCH"), ("access-control-request-headers", "if-match")]


@pytest.mark.parametrize("target", ["/v1/transactions/t-1", "/v1/nowhere"])
def test_the_gateway_answers_preflights(rig: Rig, services: Services, target: str) -> None:
    while not services.service.seen.empty():
        services.service.seen.get_nowait()
    reply = rig.call("OPTIONS", target, [("origin", ORIGIN), *PREFLIGHT])
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("access-control-allow-origin") == ORIGIN
    assert reply.header("access-control-allow-methods") == "GET,POST,PUT,PATCH,DELETE"
    assert "if-match" in (reply.header("access-control-allow-headers") or "").split(",")
    assert reply.header("access-control-max-age") == "600"
    assert services.service.seen.empty()


def test_a_preflight_of_an_unknown_origin_gets_no_cors_header(rig: Rig) -> None:
    reply = rig.call("OPTIONS", "/v1/users", [("origin", "https://evil.example"), *PREFLIGHT])
    assert reply.status == 204
    assert not [name for name, _ in reply.headers if name.startswith("access-control-")]


def test_a_route_that_takes_options_gets_the_preflight(make_rig: Make) -> None:
    def take_any(resources: dict[str, Any]) -> None:
        resources["GetSkills"]["Properties"]["RouteKey"] = "ANY /v1/skills"

    any_rig = make_rig(changed_template(take_any))
    assert any_rig.call("OPTIONS", "/v1/skills", [("origin", ORIGIN), *PREFLIGHT]).status == 401


def test_answers_to_a_known_origin_carry_the_configured_headers(rig: Rig) -> None:
    reply = rig.call("GET", "/v1/users/own-cors", [("origin", ORIGIN)], token=token())
    assert reply.all("access-control-allow-origin") == [ORIGIN]
    assert "etag" in (reply.header("access-control-expose-headers") or "").split(",")
    assert "secret" not in (reply.header("access-control-expose-headers") or "")
    assert reply.all("vary") == ["accept", "origin"]


def test_a_browser_may_read_refusals_too(rig: Rig) -> None:
    assert rig.call("GET", "/v1/users", [("origin", ORIGIN)]).all("access-control-allow-origin") == [ORIGIN]


@pytest.mark.parametrize("origin", ["https://evil.example", f"{ORIGIN}.evil.example", "null", ORIGIN.upper()])
def test_answers_to_an_unknown_origin_carry_none(rig: Rig, origin: str) -> None:
    reply = rig.call("GET", "/v1/users/own-cors", [("origin", origin)], token=token())
    assert reply.status == 200
    assert not [name for name, _ in reply.headers if name.startswith("access-control-")]


# Answers of services


def test_redirects_are_passed_on(rig: Rig) -> None:
    reply = rig.call("GET", "/v1/users/moved", token=token())
    assert (reply.status, reply.header("location")) == (307, "https://elsewhere.example/x")


def test_every_header_of_an_answer_is_kept(rig: Rig) -> None:
    reply = rig.call("GET", "/v1/users/cookies", token=token())
    assert reply.all("set-cookie") == ["a=1", "b=2"]
    assert reply.header("etag") == '"3"'
    assert len(reply.all("date")) == 1
    assert reply.header("content-length") == "2"


def test_bodies_are_not_decoded(rig: Rig) -> None:
    reply = rig.call("GET", "/v1/users/packed", [("accept-encoding", "gzip")], token=token())
    assert (reply.header("content-encoding"), reply.body) == ("gzip", PACKED)


def test_status_and_error_bodies_are_kept(rig: Rig) -> None:
    reply = rig.call("GET", "/v1/users/teapot", token=token())
    assert (reply.status, reply.body) == (418, b'{"code":"teapot"}')
    assert reply.header("content-type") == "application/problem+json"
    assert reply.header("retry-after") == "7"


@pytest.mark.parametrize(("path", "status"), [("unchanged", 304), ("gone", 204)])
def test_answers_without_a_body_end(rig: Rig, path: str, status: int) -> None:
    reply = rig.call("GET", f"/v1/users/{path}", token=token())
    assert (reply.status, reply.body) == (status, b"")


def test_hop_by_hop_headers_of_an_answer_end_at_the_gateway(rig: Rig) -> None:
    reply = rig.call("GET", "/v1/users/hops", token=token())
    assert reply.body == b"ok"
    assert reply.all("x-private") == reply.all("keep-alive") == []


def test_one_connection_carries_many_requests(rig: Rig) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=20)
    for number in range(5):
        connection.request("POST", "/v1/users", body=b"x" * number, headers={"authorization": token()})
        response = connection.getresponse()
        assert json.loads(response.read())["length"] == number
    connection.close()


# Limits


def test_a_body_of_ten_megabytes_passes(rig: Rig) -> None:
    body = bytes(range(256)) * (MAX_BODY_BYTES // 256)
    echo = rig.call("POST", "/v1/users", body=body, token=token()).json()
    assert (echo["length"], echo["sha256"]) == (MAX_BODY_BYTES, hashlib.sha256(body).hexdigest())


def test_a_byte_more_is_refused(rig: Rig) -> None:
    reply = rig.call("POST", "/v1/users", body=bytes(MAX_BODY_BYTES + 1), token=token())
    assert (reply.status, reply.body) == (413, b'{"message":"Request Entity Too Large"}')


def test_a_byte_more_is_refused_before_it_is_sent(rig: Rig) -> None:
    head = f"POST /v1/users HTTP/1.1\r\nhost: x\r\ncontent-length: {MAX_BODY_BYTES + 1}\r\n\r\n"
    assert rig.raw(head.encode()).status == 413


def test_a_byte_more_in_chunks_is_refused(rig: Rig) -> None:
    head = f"POST /v1/users HTTP/1.1\r\nhost: x\r\nauthorization: {token()}\r\ntransfer-encoding: chunked\r\n\r\n"
    size = MAX_BODY_BYTES + 1
    reply = rig.raw(head.encode() + f"{size:x}\r\n".encode() + bytes(size) + b"\r\n0\r\n\r\n")
    assert (reply.status, reply.body) == (413, b'{"message":"Request Entity Too Large"}')


def test_chunked_bodies_pass_with_a_length(rig: Rig) -> None:
    head = f"POST /v1/users HTTP/1.1\r\nhost: x\r\nauthorization: {token()}\r\ntransfer-encoding: chunked\r\n\r\n"
    echo = rig.raw(head.encode() + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").json()
    assert echo["length"] == 5
    assert ["content-length", "5"] in echo["headers"]


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES, 100 * MAX_HEAD_BYTES])
def test_a_large_head_is_refused(rig: Rig, size: int) -> None:
    reply = rig.call("GET", "/v1/users", [("x-large", "x" * size)])
    assert (reply.status, reply.body) == (431, b'{"message":"Request Header Fields Too Large"}')


def test_a_head_without_end_is_cut_off(rig: Rig) -> None:
    reply = rig.raw(b"GET /v1/users HTTP/1.1\r\nhost: x\r\nx-endless: " + b"x" * 10 * MAX_HEAD_BYTES)
    assert reply.status == 431


def test_an_answer_over_the_limit_is_an_error(rig: Rig) -> None:
    reply = rig.call("GET", "/v1/users/huge", token=token())
    assert (reply.status, reply.body) == (500, b'{"message":"Internal Server Error"}')


def test_each_route_is_throttled(make_rig: Make) -> None:
    throttled = make_rig(ThrottleRate="0.001", ThrottleBurst="3")
    replies = [throttled.call("GET", "/v1/users", token=token()) for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert replies[-1].body == b'{"message":"Too Many Requests"}'
    assert throttled.call("GET", "/v1/skills", token=token()).status == 200


# Services that do not answer


def test_a_service_that_is_down_is_unavailable(make_rig: Make) -> None:
    closed = bind("127.0.0.1", 0)
    port = closed.getsockname()[1]
    closed.close()
    down = make_rig(TransactionsUrl=f"http://127.0.0.1:{port}")
    reply = down.call("GET", "/v1/transactions", token=token())
    assert (reply.status, reply.body) == (503, b'{"message":"Service Unavailable"}')
    assert down.lines.next()["error"] == "integration failed: ConnectError"
    assert down.call("GET", "/v1/users", token=token()).status == 200


def test_a_service_that_is_slow_is_given_up_on(make_rig: Make) -> None:
    def hurry(resources: dict[str, Any]) -> None:
        resources["UsersIntegration"]["Properties"]["TimeoutInMillis"] = 100

    hurried = make_rig(changed_template(hurry))
    reply = hurried.call("GET", "/v1/users/slow", token=token())
    assert (reply.status, reply.body) == (503, b'{"message":"Service Unavailable"}')
    assert hurried.lines.next()["error"] == "integration timed out"


@contextmanager
def scripted(answer: bytes) -> Iterator[str]:
    """The URL of a service that answers one request with these bytes and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_once() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(answer)
        connection.close()

    thread = threading.Thread(target=serve_once)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread.join(10)
    listener.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nx-head-without",
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_a_service_that_breaks_off_is_unavailable(make_rig: Make, answer: bytes) -> None:
    with scripted(answer) as url:
        reply = make_rig(AnalyticsUrl=url).call("GET", "/v1/analytics/me", token=token())
    assert (reply.status, reply.body) == (503, b'{"message":"Service Unavailable"}')


def test_a_304_may_tell_the_length_of_what_it_spares(make_rig: Make) -> None:
    with scripted(b'HTTP/1.1 304 Not Modified\r\netag: "3"\r\ncontent-length: 99\r\n\r\n') as url:
        sparing = make_rig(AnalyticsUrl=url)
        reply = sparing.call("GET", "/v1/analytics/me", token=token())
    assert (reply.status, reply.header("etag"), reply.body) == (304, '"3"', b"")
    assert sparing.lines.next()["status"] == 304


def test_a_chunked_answer_gets_a_length(make_rig: Make) -> None:
    answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    with scripted(answer) as url:
        reply = make_rig(AnalyticsUrl=url).call("GET", "/v1/analytics/me", token=token())
    assert (reply.header("content-length"), reply.body) == ("3", b"abc")
    assert reply.header("transfer-encoding") is None


# The gateway's own


def test_health(rig: Rig) -> None:
    reply = rig.call("GET", "/_gateway/health")
    told = reply.json()
    assert told.pop("uptime_seconds") >= 0
    assert (reply.status, told) == (200, {"status": "ready", "process": os.getpid()})


def test_the_access_log_has_what_is_needed_and_no_secret(make_rig: Make) -> None:
    logged = make_rig()
    good = token(sub="u-7")
    reply = logged.call(
        "GET", "/v1/users/private-path?q=private-query", [("x-forwarded-for", "203.0.113.9")], token=good
    )
    text = logged.lines.written.get(timeout=10)
    line = json.loads(text)
    assert line["requestId"] == reply.header("apigw-requestid")
    assert (line["routeKey"], line["method"], line["status"]) == ("GET /v1/users/{proxy+}", "GET", 200)
    assert line["sub"] == "u-7"
    assert 0 < line["latency"] < 10_000
    for secret in (good, "private-path", "private-query", "127.0.0.1", "203.0.113.9"):
        assert secret not in text
    logged.call("GET", "/nowhere")
    assert logged.lines.next()["routeKey"] is None


def test_what_is_no_http_is_a_bad_request(rig: Rig) -> None:
    for request in (b"nonsense\r\n\r\n", b"GET /\x1b[31m HTTP/1.1\r\n\r\n", b"GET /v1/\xe9 HTTP/1.1\r\n\r\n"):
        reply = rig.raw(request)
        assert (reply.status, reply.body) == (400, b'{"message":"Bad Request"}')
