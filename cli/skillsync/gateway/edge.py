"""The template's API as typed data: routes, integrations, authorizers, CORS, throttling.

What the template asks for and this gateway does not do is a TemplateError, never silently different.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from skillsync.gateway.mapping import MappingError, RequestMapping
from skillsync.gateway.routing import RouteKey, RouteKeyError, parse_route_key
from skillsync.templates import Template, TemplateError, render

_HEADER_SOURCE = "$request.header."


@dataclass(frozen=True, slots=True)
class Integration:
    """`url` is scheme, host and port; `path` the URI's path, used when no mapping overwrites it."""

    name: str
    url: str
    path: str
    method: str
    timeout_seconds: float
    mapping: RequestMapping


@dataclass(frozen=True, slots=True)
class JwtSettings:
    header: bytes
    issuer: str
    audience: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    key: RouteKey
    integration: Integration
    authorizer: JwtSettings | None
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class CorsSettings:
    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    exposed: tuple[str, ...]
    credentials: bool
    max_age_seconds: int | None


@dataclass(frozen=True, slots=True)
class Throttle:
    """Requests a second, and requests at once, of each route."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Edge:
    routes: tuple[Route, ...]
    cors: CorsSettings | None
    throttle: Throttle | None


def read_edge(template: Template, parameters: Mapping[str, str]) -> Edge:
    """Raises TemplateError: one line that names the template, the resource and what is wrong."""
    rendered = render(
        template, parameters, resolve=lambda name, attribute: f"{name}.{attribute}" if attribute else name
    )
    return _Reader(template.name, rendered["Resources"]).edge()


class _Reader:
    def __init__(self, template: str, resources: dict[str, Any]) -> None:
        self.template = template
        self.resources = resources

    def edge(self) -> Edge:
        (api,) = self.only("Api").values()
        if api.get("ProtocolType") != "HTTP":
            raise self.error("Api", "only ProtocolType HTTP is known")
        (stage,) = self.only("Stage").values()
        if stage.get("StageName") != "$default":
            raise self.error("Stage", "only the stage $default is known")
        if stage.get("RouteSettings"):
            raise self.error("Stage", "RouteSettings are not known, only DefaultRouteSettings")
        authorizers = {name: self.authorizer(name, body) for name, body in self.of("Authorizer").items()}
        integrations = {name: self.integration(name, body) for name, body in self.of("Integration").items()}
        routes = tuple(self.route(name, body, authorizers, integrations) for name, body in self.of("Route").items())
        self.refuse_twice(routes)
        return Edge(
            routes, self.cors(api.get("CorsConfiguration")), self.throttle(stage.get("DefaultRouteSettings", {}))
        )

    def error(self, resource: str, text: str) -> TemplateError:
        return TemplateError(f"{self.template}: {resource}: {text}")

    def of(self, kind: str) -> dict[str, Any]:
        wanted = f"AWS::ApiGatewayV2::{kind}"
        return {name: body["Properties"] for name, body in self.resources.items() if body["Type"] == wanted}

    def only(self, kind: str) -> dict[str, Any]:
        found = self.of(kind)
        if len(found) != 1:
            raise TemplateError(f"{self.template}: needs exactly one AWS::ApiGatewayV2::{kind}, has {len(found)}")
        return found

    def refuse_twice(self, routes: tuple[Route, ...]) -> None:
        seen: set[str] = set()
        for route in routes:
            if route.key.text in seen:
                raise self.error(route.key.text, "this route key occurs twice")
            seen.add(route.key.text)

    def authorizer(self, name: str, body: dict[str, Any]) -> JwtSettings:
        (source,) = body.get("IdentitySource") or [""]
        if body.get("AuthorizerType") != "JWT" or not source.startswith(_HEADER_SOURCE):
            raise self.error(name, f"only a JWT authorizer with {_HEADER_SOURCE}… is known")
        settings = body["JwtConfiguration"]
        header = source.removeprefix(_HEADER_SOURCE).lower().encode()
        return JwtSettings(header, settings["Issuer"], tuple(settings["Audience"]))

    def integration(self, name: str, body: dict[str, Any]) -> Integration:
        if body.get("IntegrationType") != "HTTP_PROXY":
            raise self.error(name, "only IntegrationType HTTP_PROXY is known")
        if body.get("ResponseParameters"):
            raise self.error(name, "ResponseParameters are not known")
        uri = urlsplit(body.get("IntegrationUri", ""))
        if uri.scheme not in ("http", "https") or not uri.netloc or uri.query:
            raise self.error(
                name, f"IntegrationUri {body.get('IntegrationUri')!r} is no http URL: give UpstreamMode http"
            )
        milliseconds = int(body.get("TimeoutInMillis", 30_000))
        if not 50 <= milliseconds <= 30_000:
            raise self.error(name, f"TimeoutInMillis {milliseconds} is not within 50 and 30000")
        try:
            mapping = RequestMapping(body.get("RequestParameters", {}))
        except MappingError as error:
            raise self.error(name, f"RequestParameters: {error}") from error
        url = f"{uri.scheme}://{uri.netloc}"
        return Integration(
            name, url, uri.path or "/", body.get("IntegrationMethod", "ANY"), milliseconds / 1000, mapping
        )

    def route(
        self, name: str, body: dict[str, Any], authorizers: dict[str, JwtSettings], integrations: dict[str, Integration]
    ) -> Route:
        try:
            key = parse_route_key(body["RouteKey"])
        except RouteKeyError as error:
            raise self.error(name, str(error)) from error
        target = body.get("Target", "").removeprefix("integrations/")
        if target not in integrations:
            raise self.error(name, f"Target {body.get('Target')!r} is no integration of this template")
        kind = body.get("AuthorizationType", "NONE")
        if kind == "NONE":
            return Route(key, integrations[target], None, frozenset())
        if kind != "JWT" or body.get("AuthorizerId") not in authorizers:
            raise self.error(name, f"AuthorizationType {kind} needs an AuthorizerId of this template, of type JWT")
        scopes = frozenset(body.get("AuthorizationScopes", []))
        return Route(key, integrations[target], authorizers[body["AuthorizerId"]], scopes)

    def cors(self, body: dict[str, Any] | None) -> CorsSettings | None:
        if body is None:
            return None
        max_age = body.get("MaxAge")
        return CorsSettings(
            origins=tuple(body.get("AllowOrigins", [])),
            methods=tuple(body.get("AllowMethods", [])),
            headers=tuple(body.get("AllowHeaders", [])),
            exposed=tuple(body.get("ExposeHeaders", [])),
            credentials=str(body.get("AllowCredentials", False)).lower() == "true",
            max_age_seconds=None if max_age is None else int(max_age),
        )

    def throttle(self, body: dict[str, Any]) -> Throttle | None:
        if "ThrottlingRateLimit" not in body or "ThrottlingBurstLimit" not in body:
            return None
        return Throttle(float(body["ThrottlingRateLimit"]), int(body["ThrottlingBurstLimit"]))
