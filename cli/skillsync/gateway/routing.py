"""Which route takes a request: API Gateway's order, over the path's bytes as they came."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

DEFAULT = "$default"
_KEY = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY) (/\S*)")
_SEGMENT = re.compile(r"\{([A-Za-z0-9._-]+)(\+?)\}|[^{}]*")

Target = TypeVar("Target")


class RouteKeyError(ValueError):
    """A route key that API Gateway would refuse; the text says why."""


@dataclass(frozen=True, slots=True)
class RouteKey:
    """`GET /v1/users/{proxy+}`, taken apart: literal segments, then `{name}` and `{name+}` as (name, greedy)."""

    text: str
    method: str
    segments: tuple[str | tuple[str, bool], ...]

    @property
    def is_greedy(self) -> bool:
        return bool(self.segments) and isinstance(self.segments[-1], tuple) and self.segments[-1][1]

    def priority(self) -> tuple[bool, bool, tuple[int, ...], bool]:
        """Lower is tried first: full match, greedy match, $default; within them literal before variable, ANY last."""
        kinds = tuple(0 if isinstance(segment, str) else 1 + segment[1] for segment in self.segments)
        return self.text == DEFAULT, self.is_greedy, kinds, self.method == "ANY"

    def match(self, method: str, parts: list[str]) -> dict[str, str] | None:
        """The path variables, as they came, when this route takes that method and those path segments."""
        if self.method not in (method, "ANY"):
            return None
        if self.text == DEFAULT:
            return {}
        if len(parts) < len(self.segments) or (len(parts) > len(self.segments) and not self.is_greedy):
            return None
        variables: dict[str, str] = {}
        for position, segment in enumerate(self.segments):
            if isinstance(segment, str):
                if segment != parts[position]:
                    return None
                continue
            name, greedy = segment
            variables[name] = "/".join(parts[position:]) if greedy else parts[position]
            if not variables[name]:
                return None
        return variables


def parse_route_key(text: str) -> RouteKey:
    if text == DEFAULT:
        return RouteKey(text, "ANY", ())
    found = _KEY.fullmatch(text)
    if not found:
        raise RouteKeyError(f"route key {text!r} is not METHOD /path")
    segments: list[str | tuple[str, bool]] = []
    for part in found[2][1:].split("/"):
        segment = _SEGMENT.fullmatch(part)
        if not segment:
            raise RouteKeyError(f"route key {text!r}: a variable takes a whole path segment")
        segments.append((segment[1], bool(segment[2])) if segment[1] else part)
    if any(isinstance(segment, tuple) and segment[1] for segment in segments[:-1]):
        raise RouteKeyError(f"route key {text!r}: a greedy variable comes last")
    return RouteKey(text, found[1], tuple(segments))


def is_plain(raw_path: bytes) -> bool:
    """Whether a path means one thing only, however often it is normalised on its way.

    `..`, `.`, and `//`, also percent-encoded or with backslashes, could mean another path to whoever cleans paths up
    after the routes were matched: such a path matches no route.
    """
    if not raw_path.startswith(b"/") or b"//" in raw_path:
        return False
    if b"." not in raw_path and b"%" not in raw_path and b"\\" not in raw_path:
        return True
    decoded = unquote_to_bytes(raw_path).replace(b"\\", b"/")
    return not any(segment in (b".", b"..") for segment in decoded.split(b"/"))


class Router(Generic[Target]):
    def __init__(self, routes: Iterable[tuple[RouteKey, Target]]) -> None:
        self._routes = sorted(routes, key=lambda route: route[0].priority())

    def select(self, method: str, raw_path: bytes) -> tuple[RouteKey, Target, dict[str, str]] | None:
        """The route that takes the request, with its path variables, or None."""
        if not is_plain(raw_path):
            return None
        parts = raw_path[1:].decode("latin-1").split("/")
        for key, target in self._routes:
            variables = key.match(method, parts)
            if variables is not None:
                return key, target, variables
        return None
