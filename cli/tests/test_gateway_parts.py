"""The gateway's parts alone: route priority, parameter mapping, key store, token bucket, what a template may say."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from skillsync.gateway.edge import read_edge
from skillsync.gateway.keys import COOLDOWN_SECONDS, KEEP_SECONDS, RETRY_SECONDS, KeyStore
from skillsync.gateway.mapping import MappingError, RequestContext, RequestMapping
from skillsync.gateway.routing import RouteKeyError, Router, is_plain, parse_route_key
from skillsync.gateway.throttle import TokenBucket
from skillsync.templates import Template, TemplateError, load

EDGE = next(parent for parent in Path(__file__).parents if (parent / "infra").is_dir()) / "infra/templates/edge.yaml"
PARAMETERS = {
    "EnvName": "local",
    "UpstreamMode": "http",
    "UsersUrl": "http://127.0.0.1:1",
    "TransactionsUrl": "http://127.0.0.1:2",
    "NotificationsUrl": "http://127.0.0.1:3",
    "AnalyticsUrl": "http://127.0.0.1:4",
    "OperationsUrl": "http://127.0.0.1:5",
    "UserPoolIssuer": "https://pool.example",
    "WebClientId": "web",
}


# The first five and their outcomes are the example of AWS's manual (http-api-develop-routes).
KEYS = [
    "GET /pets/dog/1",
    "GET /pets/dog/{id}",
    "GET /pets/{proxy+}",
    "ANY /{proxy+}",
    "$default",
    "ANY /owners/{id}",
    "POST /owners/{id}",
    "POST /owners/{proxy+}",
]


@pytest.mark.parametrize(
    ("method", "path", "key", "variables"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("GET", "/", "$default", {}),
        ("POST", "/owners/1", "POST /owners/{id}", {"id": "1"}),
        ("PUT", "/owners/1", "ANY /owners/{id}", {"id": "1"}),
        ("POST", "/owners/1/2", "POST /owners/{proxy+}", {"proxy": "1/2"}),
        ("PUT", "/owners/1/2", "ANY /{proxy+}", {"proxy": "owners/1/2"}),
        ("GET", "/pets/dog/%31", "GET /pets/dog/{id}", {"id": "%31"}),
    ],
)
def test_routes_are_chosen_in_api_gateways_order(method: str, path: str, key: str, variables: dict[str, str]) -> None:
    for keys in (KEYS, KEYS[::-1]):
        selected = Router((parse_route_key(text), text) for text in keys).select(method, path.encode())
        assert selected is not None
        assert (selected[1], selected[2]) == (key, variables)


@pytest.mark.parametrize("text", ["/x", "get /x", "GET x", "FETCH /x", "GET /{a+}/b", "GET /a{b}", "GET /{a}{b}"])
def test_a_wrong_route_key_is_refused(text: str) -> None:
    with pytest.raises(RouteKeyError):
        parse_route_key(text)


@given(st.lists(st.sampled_from([".", "..", "%2e", "%2E", "%2f", "%5c", "\\", "/", "a", "%"]), max_size=12))
def test_a_plain_path_has_no_dot_segment_however_it_is_read(parts: list[str]) -> None:
    path = "/" + "".join(parts)
    if not is_plain(path.encode()):
        return
    read = path.lower().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").replace("\\", "/")
    assert not {".", ".."} & set(read.split("/"))
    assert "//" not in path


def context(**changed: Any) -> RequestContext:
    headers = [(b"x-one", b"1"), (b"x-one", b"2")]
    values = {"claims": {"sub": "u-1", "cognito:groups": ["a", "b"]}, "variables": {"id": "7%2F8"}, **changed}
    return RequestContext("request-1", "GET /x/{id}", "GET", "/x/7%2F8", "127.0.0.1", headers, **values)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$context.requestId", b"request-1"),
        ("$context.routeKey", b"GET /x/{id}"),
        ("$context.identity.sourceIp", b"127.0.0.1"),
        ("$context.authorizer.claims.sub", b"u-1"),
        ("$context.authorizer.claims.cognito:groups", b"[a b]"),
        ("$request.path", b"/x/7%2F8"),
        ("$request.path.id", b"7%2F8"),
        ("$request.header.X-One", b"1,2"),
        ("constant", b"constant"),
        ("${request.path.id}-${context.requestId}!", b"7%2F8-request-1!"),
    ],
)
def test_mapped_values(text: str, value: bytes) -> None:
    assert RequestMapping({"overwrite:header.X-Out": text}).headers(context()) == [(b"x-out", value)]


def test_a_header_without_a_value_is_owned_but_not_sent() -> None:
    mapping = RequestMapping({"overwrite:header.x-user-id": "$context.authorizer.claims.sub"})
    assert mapping.headers(context(claims={})) == []
    assert mapping.owned == {b"x-user-id"}


def test_a_claim_cannot_inject_a_header() -> None:
    mapping = RequestMapping({"overwrite:header.x-user-id": "$context.authorizer.claims.sub"})
    assert mapping.headers(context(claims={"sub": "a\r\nx-admin: 1"})) == []


def test_appending_leaves_the_clients_header() -> None:
    mapping = RequestMapping({"append:header.x-one": "3"})
    assert mapping.owned == frozenset()
    assert mapping.headers(context()) == [(b"x-one", b"3")]


@pytest.mark.parametrize(
    "key",
    ["overwrite:header.Authorization", "remove:header.x-amzn-oidc-data", "append:header.via", "overwrite:body", "x"],
)
def test_a_mapping_api_gateway_would_refuse_is_refused(key: str) -> None:
    with pytest.raises(MappingError):
        RequestMapping({key: "x"})


def test_an_unknown_value_is_refused() -> None:
    with pytest.raises(MappingError, match=r"\$context\.nothing is not known"):
        RequestMapping({"overwrite:header.x": "$context.nothing"})


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=2, burst=3, clock=clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock.now += 0.5
    assert [bucket.take(), bucket.take()] == [True, False]
    clock.now += 3600
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def jwks(*kids: str) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return json.dumps(
        {"keys": [{**jwt.algorithms.RSAAlgorithm.to_jwk(key, as_dict=True), "kid": kid} for kid in kids]}
    ).encode()


class Endpoint:
    def __init__(self, *kids: str) -> None:
        self.document: bytes | None = jwks(*kids)
        self.fetches = 0

    async def __call__(self) -> bytes:
        self.fetches += 1
        if self.document is None:
            raise OSError
        return self.document


async def test_keys_are_fetched_once_and_again_when_stale() -> None:
    clock, endpoint = Clock(), Endpoint("a")
    keys = KeyStore(endpoint, clock)
    assert await keys.find("a")
    assert await keys.find("a")
    assert endpoint.fetches == 1
    clock.now += KEEP_SECONDS + 1
    assert await keys.find("a")
    assert endpoint.fetches == 2


async def test_keys_are_fetched_ahead_of_the_first_request() -> None:
    clock, endpoint = Clock(), Endpoint("a")
    keys = KeyStore(endpoint, clock)
    await keys.warm()
    assert await keys.find("a")
    assert endpoint.fetches == 1


async def test_a_pool_that_is_away_at_the_start_is_asked_again() -> None:
    clock, endpoint = Clock(), Endpoint("a")
    document, endpoint.document = endpoint.document, None
    keys = KeyStore(endpoint, clock)
    await keys.warm()
    endpoint.document = document
    clock.now += RETRY_SECONDS
    assert await keys.find("a")


async def test_unknown_keys_cost_one_fetch_a_minute() -> None:
    clock, endpoint = Clock(), Endpoint("a")
    keys = KeyStore(endpoint, clock)
    for _ in range(100):
        assert await keys.find("b") is None
    assert endpoint.fetches == 1
    clock.now += COOLDOWN_SECONDS - 1
    assert await keys.find("b") is None
    assert endpoint.fetches == 1
    clock.now += 1
    assert await keys.find("b") is None
    assert endpoint.fetches == 2


async def test_a_new_key_is_found_after_the_cooldown() -> None:
    clock, endpoint = Clock(), Endpoint("a")
    keys = KeyStore(endpoint, clock)
    assert await keys.find("a")
    endpoint.document = jwks("b")
    clock.now += COOLDOWN_SECONDS
    assert await keys.find("b")
    assert await keys.find("a") is None
    assert keys.generation == 2


async def test_known_keys_outlive_an_endpoint_that_is_away() -> None:
    clock, endpoint = Clock(), Endpoint("a")
    keys = KeyStore(endpoint, clock)
    assert await keys.find("a")
    endpoint.document = None
    clock.now += KEEP_SECONDS + 1
    assert await keys.find("a")
    assert endpoint.fetches == 2
    assert await keys.find("a")
    assert endpoint.fetches == 2
    clock.now += RETRY_SECONDS
    assert await keys.find("a")
    assert endpoint.fetches == 3


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "eA", "kid": "a"}]}']
)
async def test_a_document_that_holds_no_rsa_key_gives_none(document: bytes) -> None:
    endpoint = Endpoint()
    endpoint.document = document
    assert await KeyStore(endpoint, Clock()).find("a") is None


def edge_with(resource: str, **properties: Any) -> Template:
    template = Template(deepcopy(dict(load(EDGE))))
    template.name = "edge.yaml"
    template["Resources"][resource]["Properties"].update(properties)
    return template


@pytest.mark.parametrize(
    ("resource", "properties", "message"),
    [
        ("Api", {"ProtocolType": "WEBSOCKET"}, "Api: only ProtocolType HTTP is known"),
        ("Stage", {"StageName": "prod"}, "Stage: only the stage $default is known"),
        ("Stage", {"RouteSettings": {"GET /x": {}}}, "Stage: RouteSettings are not known"),
        ("JwtAuthorizer", {"AuthorizerType": "REQUEST"}, "JwtAuthorizer: only a JWT authorizer"),
        (
            "UsersIntegration",
            {"IntegrationUri": "arn:aws:x"},
            "UsersIntegration: IntegrationUri 'arn:aws:x' is no http URL",
        ),
        ("UsersIntegration", {"TimeoutInMillis": 40_000}, "TimeoutInMillis 40000 is not within 50 and 30000"),
        ("UsersIntegration", {"ResponseParameters": {"200": {}}}, "ResponseParameters are not known"),
        ("UsersIntegration", {"RequestParameters": {"x": "y"}}, "UsersIntegration: RequestParameters: x is not known"),
        ("GetUsers", {"RouteKey": "GET v1"}, "GetUsers: route key 'GET v1' is not METHOD /path"),
        ("GetUsers", {"RouteKey": "POST /v1/users"}, "POST /v1/users: this route key occurs twice"),
        ("GetUsers", {"Target": "integrations/Gone"}, "Target 'integrations/Gone' is no integration"),
        ("GetUsers", {"AuthorizationType": "AWS_IAM"}, "GetUsers: AuthorizationType AWS_IAM needs"),
        ("GetUsers", {"AuthorizerId": "Gone"}, "GetUsers: AuthorizationType JWT needs an AuthorizerId"),
    ],
)
def test_what_the_gateway_cannot_do_is_refused(resource: str, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        read_edge(edge_with(resource, **properties), PARAMETERS)
    assert str(refused.value).startswith("edge.yaml: ")
    assert message in str(refused.value)


def test_the_real_template_keeps_the_inside_inside() -> None:
    """Every route lies under /v1, and only the link in a mail is public."""
    edge = read_edge(load(EDGE), PARAMETERS)
    assert all(route.key.segments[0] == "v1" for route in edge.routes)
    assert not {"internal", "health"} & {segment for route in edge.routes for segment in route.key.segments}
    public = {route.key.text for route in edge.routes if route.authorizer is None}
    assert public == {"GET /v1/unsubscribe/{token}", "POST /v1/unsubscribe/{token}"}
    assert all(b"x-user-id" in route.integration.mapping.owned for route in edge.routes)
    assert all(b"x-request-id" in route.integration.mapping.owned for route in edge.routes)
