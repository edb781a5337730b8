"""edge.yaml: every public route of the product and no other, each before the authorizer, each to its one service."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from skillsync import stacks, templates

Json = dict[str, Any]
Render = Callable[[str, str], Json]
OfType = Callable[[Json, str], dict[str, Json]]

PUBLIC = {"GET /v1/unsubscribe/{token}", "POST /v1/unsubscribe/{token}"}
SEGMENTS = {
    "Users": {"users", "offerings", "skills", "matches"},
    "Transactions": {"transactions", "ledger"},
    "Notifications": {"notifications", "unsubscribe"},
    "Analytics": {"analytics"},
}
ROUTES = """
GET POST /users
GET PATCH DELETE /users/me
GET /users/0198
GET /users/0198/stats
POST /users/me/exports
GET POST /offerings
GET PATCH DELETE /offerings/0198
POST /offerings/0198/renew
GET /skills
GET POST /skills/proposals
GET /skills/proposals/0198
POST /skills/proposals/0198/approve
POST /skills/proposals/0198/decline
GET /matches
GET POST /transactions
GET PATCH DELETE /transactions/0198
POST /transactions/0198/propose
POST /transactions/0198/accept
POST /transactions/0198/finalize
POST /transactions/0198/decline
POST /transactions/0198/cancel
POST /transactions/0198/reverse
GET /transactions/0198/history
GET /transactions/0198/receipt
GET /ledger
GET /ledger/balance
GET /notifications
PATCH /notifications/0198
POST /notifications/read-all
GET PUT /notifications/preferences
GET POST /unsubscribe/token
GET /analytics
GET /analytics/me
GET /analytics/exchanges
"""
WANTED = [
    (method, f"/v1{path}")
    for line in ROUTES.split("\n")
    if line
    for *methods, path in [line.split()]
    for method in methods
]
UNWANTED = [
    ("GET", "/internal/users/0198/contact"),
    ("GET", "/internal/events"),
    ("GET", "/v1/internal/events"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/v1"),
    ("GET", "/"),
    ("GET", "/users"),
    ("OPTIONS", "/v1/users"),
    ("DELETE", "/v1/users"),
    ("POST", "/v1/skills"),
    ("DELETE", "/v1/skills/proposals/0198"),
    ("GET", "/v1/unsubscribe"),
    ("GET", "/v1/unsubscribe/token/more"),
    ("GET", "/openapi.json"),
    ("GET", "/v1/usersx"),
]
# What API Gateway refuses to map.
RESERVED = re.compile(
    r"(access-control-|apigw-|x-amz-|x-amzn-).*|authorization|connection|content-(encoding|length|location)|forwarded"
    r"|keep-alive|origin|proxy-(authenticate|authorization)|te|trailers|transfer-encoding|upgrade"
    r"|x-forwarded-(for|host|proto)|via"
)


@pytest.fixture
def template(render: Render, any_environment: str) -> Json:
    return render(any_environment, "edge")


def routes(template: Json, of_type: OfType) -> dict[str, Json]:
    """The routes' properties by route key."""
    found = list(of_type(template, "AWS::ApiGatewayV2::Route").values())
    keys = {route["RouteKey"]: route for route in found}
    assert len(keys) == len(found), "a route key occurs twice"
    return keys


def service_of(route: Json) -> str:
    target: str = route["Target"]["Fn::Sub"]
    return re.fullmatch(r"integrations/\$\{(\w+)Integration\}", target)[1]  # type: ignore[index]


def matching(keys: dict[str, Json], method: str, path: str) -> list[str]:
    """The route keys that an HTTP API would take for this request: `{x}` is one segment, `{x+}` one or more."""

    def pattern(key_path: str) -> str:
        parts = [
            ".+" if part.endswith("+}") else "[^/]+" if part.startswith("{") else re.escape(part)
            for part in key_path.split("/")
        ]
        return "/".join(parts)

    return [
        key
        for key in keys
        if key.split()[0] in (method, "ANY") and re.fullmatch(pattern(key.split()[1]), path) is not None
    ]


def violations(template: Json, of_type: OfType) -> list[str]:
    """Routes open to everybody, taken by no or the wrong service, or in the way of the browser's preflight."""
    found = []
    owners = {segment: service for service, segments in SEGMENTS.items() for segment in segments}
    for key, route in routes(template, of_type).items():
        method, _, path = key.partition(" ")
        if key == "$default" or method in ("ANY", "OPTIONS"):
            found.append(f"{key}: takes the preflight")
            continue
        secured = (route.get("AuthorizationType"), route.get("AuthorizerId")) == ("JWT", {"Ref": "JwtAuthorizer"})
        if not secured and key not in PUBLIC:
            found.append(f"{key}: no authorizer")
        parts = path.split("/")
        if parts[:2] != ["", "v1"] or owners.get(parts[2]) != service_of(route):
            found.append(f"{key}: not {service_of(route)}'s")
    return found


def test_every_route_is_authorised_and_its_first_segment_owned_by_one_service(template: Json, of_type: OfType) -> None:
    assert violations(template, of_type) == []
    assert {key for key, route in routes(template, of_type).items() if route["AuthorizationType"] == "NONE"} == PUBLIC


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        # The ancestor's API had no authorizer at all.
        ({"AuthorizationType": "NONE"}, "GET /v1/ledger: no authorizer"),
        ({"AuthorizerId": {"Ref": "Another"}}, "GET /v1/ledger: no authorizer"),
        ({"RouteKey": "ANY /v1/ledger"}, "ANY /v1/ledger: takes the preflight"),
        ({"RouteKey": "$default"}, "$default: takes the preflight"),
        ({"RouteKey": "PUT /v1/skills/{proxy+}"}, "PUT /v1/skills/{proxy+}: not Transactions's"),
        ({"RouteKey": "GET /internal/{proxy+}"}, "GET /internal/{proxy+}: not Transactions's"),
        ({"Target": {"Fn::Sub": "integrations/${UsersIntegration}"}}, "GET /v1/ledger: not Users's"),
    ],
    ids=str,
)
def test_a_wrong_route_is_found(render: Render, of_type: OfType, change: Json, complaint: str) -> None:
    template = render("prod", "edge")
    template["Resources"]["GetLedger"]["Properties"] |= change
    assert violations(template, of_type) == [complaint]


@pytest.mark.parametrize(("method", "path"), WANTED)
def test_every_operation_of_the_product_has_one_route(render: Render, of_type: OfType, method: str, path: str) -> None:
    assert len(matching(routes(render("prod", "edge"), of_type), method, path)) == 1


@pytest.mark.parametrize(("method", "path"), UNWANTED)
def test_nothing_else_has_a_route(render: Render, of_type: OfType, method: str, path: str) -> None:
    assert matching(routes(render("prod", "edge"), of_type), method, path) == []


def test_no_route_is_there_for_nothing(render: Render, of_type: OfType) -> None:
    keys = routes(render("prod", "edge"), of_type)
    assert {key for method, path in WANTED for key in matching(keys, method, path)} == set(keys)


def test_a_token_of_the_pool_and_of_the_web_client_is_asked_for(template: Json) -> None:
    authorizer = template["Resources"]["JwtAuthorizer"]["Properties"]
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    assert authorizer["JwtConfiguration"] == {
        "Issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abcdefghi",
        "Audience": ["abcdefghijklmnopqrstuvwxyz"],
    }


def test_paths_pass_unchanged_and_forged_identities_do_not(template: Json, of_type: OfType) -> None:
    integrations = of_type(template, "AWS::ApiGatewayV2::Integration")
    assert set(integrations) == {f"{service}Integration" for service in SEGMENTS}
    mappings = [integration["RequestParameters"] for integration in integrations.values()]
    assert all(mapping == mappings[0] for mapping in mappings)
    assert mappings[0]["overwrite:path"] == "$request.path"
    assert mappings[0]["overwrite:header.x-request-id"] == "$context.requestId"
    removed = {key.removeprefix("remove:header.") for key in mappings[0] if key.startswith("remove:header.")}
    assert {"x-user-id", "x-user-email", "x-user-groups", "x-user-roles", "x-principal-id"} <= removed
    headers = {key.split("header.")[1] for key in mappings[0] if "header." in key}
    assert not [header for header in headers if RESERVED.fullmatch(header)]
    # Nothing tells a service who calls but the token, which it verifies itself.
    assert "authorizer" not in json.dumps(mappings[0])


def test_on_aws_services_are_reached_by_the_link_alone(render: Render, of_type: OfType) -> None:
    for name in ("dev-ada", "staging", "prod"):
        template = render(name, "edge")
        for integration in of_type(template, "AWS::ApiGatewayV2::Integration").values():
            assert integration["ConnectionType"] == "VPC_LINK"
            assert integration["ConnectionId"] == {"Ref": "VpcLink"}
            assert ":listener/app/" in integration["IntegrationUri"]


def test_on_the_laptop_each_service_is_reached_at_its_url(render: Render, of_type: OfType) -> None:
    template = render("local", "edge")
    assert of_type(template, "AWS::ApiGatewayV2::VpcLink") == {}
    uris = {
        name.removesuffix("Integration"): integration["IntegrationUri"]
        for name, integration in of_type(template, "AWS::ApiGatewayV2::Integration").items()
    }
    assert uris == {service: f"http://127.0.0.1:100{number}" for number, service in enumerate(SEGMENTS, start=1)}


def test_the_routes_of_the_laptop_are_those_of_prod(render: Render, of_type: OfType) -> None:
    for kind in ("Route", "Authorizer"):
        local, prod = (of_type(render(name, "edge"), f"AWS::ApiGatewayV2::{kind}") for name in ("local", "prod"))
        assert local == prod


@pytest.mark.parametrize("missing", ["AlbListenerArn", "VpcLinkSecurityGroupId"])
def test_a_link_without_its_network_is_refused(missing: str) -> None:
    values = {"EnvName": "prod", "UserPoolIssuer": "https://issuer.example", "WebClientId": "web"}
    given = {"AlbListenerArn": "arn:listener", "VpcLinkSecurityGroupId": "sg-0123456789abcdef0"}
    path = stacks.root() / "infra" / "templates" / "edge.yaml"
    with pytest.raises(templates.TemplateError, match=f"needs {missing}"):
        templates.render(templates.load(path), values | {name: given[name] for name in given if name != missing})


def test_browsers_may_send_and_read_every_header_of_the_api(template: Json) -> None:
    cors = template["Resources"]["Api"]["Properties"]["CorsConfiguration"]
    assert set(cors["AllowHeaders"]) == {
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "traceparent",
        "x-request-id",
    }
    assert {"etag", "location", "link", "retry-after", "idempotent-replayed", "x-request-id"} <= set(
        cors["ExposeHeaders"]
    )
    assert set(cors["AllowMethods"]) == {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert cors["AllowOrigins"]
    assert "*" not in cors["AllowOrigins"]
    assert "AllowCredentials" not in cors  # the token is a header, never a cookie


def test_every_request_is_throttled_and_logged_without_its_path(template: Json) -> None:
    stage = template["Resources"]["Stage"]["Properties"]
    assert float(stage["DefaultRouteSettings"]["ThrottlingRateLimit"]) > 0
    assert float(stage["DefaultRouteSettings"]["ThrottlingBurstLimit"]) > 0
    line = stage["AccessLogSettings"]["Format"]
    assert {"request_id", "route", "status", "milliseconds", "user"} <= set(json.loads(line))
    assert "\n" not in line
    # A path holds the token of an unsubscribe link.
    assert not re.search(r"\$context\.(path|authorizer\.claims\.email)", line)
