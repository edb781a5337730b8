"""Request parameter mapping of an integration: `overwrite:header.x-request-id: $context.requestId` and the like.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from skillsync.gateway.answers import Header

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HEADER_KEY = re.compile(r"(append|overwrite|remove):header\.([A-Za-z0-9!#$%&'*+.^_`|~-]+)")
_RESERVED_NAMES = {
    "authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded", "keep-alive",
    "origin", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding", "upgrade",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via",
}  # fmt: skip
_RESERVED_PREFIXES = ("access-control-", "apigw-", "x-amz-", "x-amzn-")


class MappingError(ValueError):
    """A mapping that API Gateway would refuse, or one not known here."""


@dataclass(slots=True)
class RequestContext:
    """What a mapping may refer to. Paths and path variables are as they came, still percent-encoded."""

    request_id: str
    route_key: str
    method: str
    path: str
    source_ip: str
    headers: list[Header]
    variables: Mapping[str, str] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)

    def header(self, name: bytes) -> str | None:
        values = [value for key, value in self.headers if key == name]
        return b",".join(values).decode("latin-1") if values else None


Value = Callable[[RequestContext], str | None]

_CONTEXT: dict[str, Value] = {
    "requestId": lambda context: context.request_id,
    "routeKey": lambda context: context.route_key,
    "httpMethod": lambda context: context.method,
    "path": lambda context: context.path,
    "protocol": lambda context: "HTTP/1.1",
    "stage": lambda context: "$default",
    "identity.sourceIp": lambda context: context.source_ip,
}


def _variable(name: str) -> Value:
    source, _, rest = name.partition(".")
    if source == "context" and rest in _CONTEXT:
        return _CONTEXT[rest]
    claim = rest.removeprefix("authorizer.claims.")
    if source == "context" and claim != rest:
        return lambda context: _claim(context.claims.get(claim))
    kind, _, item = rest.partition(".")
    if source == "request" and kind == "path":
        return (lambda context: context.variables.get(item)) if item else (lambda context: context.path)
    if source == "request" and kind == "header" and item:
        header = item.lower().encode()
        return lambda context: context.header(header)
    raise MappingError(f"value ${name} is not known")


def _claim(value: Any) -> str | None:
    if isinstance(value, list):
        return f"[{' '.join(map(str, value))}]"  # how API Gateway writes a list, cognito:groups for one
    return None if value is None else str(value)


def _value(text: str) -> Value:
    if text.startswith("$") and not text.startswith("${"):
        return _variable(text[1:])
    found = [(match.start(), match.end(), _variable(match[1])) for match in _VARIABLE.finditer(text)]
    if not found:
        static = "" if text == "''" else text
        return lambda context: static
    if len(found) == 1 and found[0][:2] == (0, len(text)):
        return found[0][2]

    def composed(context: RequestContext) -> str:
        parts, end = [], 0
        for start, stop, value in found:
            parts += [text[end:start], value(context) or ""]
            end = stop
        return "".join(parts) + text[end:]

    return composed


class RequestMapping:
    """The compiled mapping: `owned` are the names a client cannot send; underscores count as hyphens."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        """Raises MappingError."""
        self.path: Value | None = None
        self._sets: list[tuple[bytes, Value]] = []
        owned: set[bytes] = set()
        for key, text in parameters.items():
            if key == "overwrite:path":
                self.path = _value(text)
                continue
            found = _HEADER_KEY.fullmatch(key)
            if not found:
                raise MappingError(f"{key} is not known")
            action, name = found[1], found[2].lower()
            if name in _RESERVED_NAMES or name.startswith(_RESERVED_PREFIXES):
                raise MappingError(f"{key}: API Gateway reserves that header")
            if action != "append":
                owned.add(plain_name(name.encode()))
            if action != "remove":
                self._sets.append((name.encode(), _value(text)))
        self.owned = frozenset(owned)

    def headers(self, context: RequestContext) -> list[Header]:
        """The headers to add. What has no value is left out, so an overwritten header then disappears."""
        values = ((name, value(context)) for name, value in self._sets)
        return [(name, value.encode()) for name, value in values if value is not None and not _CONTROL.search(value)]


def plain_name(name: bytes) -> bytes:
    """Servers that offer headers as environment variables cannot tell x_user_id from x-user-id: nor do we."""
    return name.replace(b"_", b"-")
