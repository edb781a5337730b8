"""A person in the demo: an address, a token, and calls through the gateway whose answers are checked."""

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from skillsync.errors import Problem

if TYPE_CHECKING:
    import httpx2

Value = TypeVar("Value")
MERGE_PATCH = "application/merge-patch+json"


class WrongAnswer(Problem):
    """The system answered something else than it should have."""


class Member:
    """`id` is "" until the profile is made. Paths are those of the API, with /v1 in front."""

    def __init__(self, http: "httpx2.Client", email: str, first_name: str, token: str) -> None:
        self._http = http
        self._token = token
        self.email = email
        self.first_name = first_name
        self.id = ""

    def get(self, path: str, expected: int = 200) -> "httpx2.Response":
        return self.call("GET", path, expected)

    def post(self, path: str, body: Mapping[str, Any], expected: int, key: str = "") -> "httpx2.Response":
        """Under an Idempotency-Key of its own unless one is given."""
        return self.call("POST", path, expected, body, {"Idempotency-Key": key or str(uuid.uuid4())})

    def patch(self, path: str, body: Mapping[str, Any], if_match: str, expected: int = 200) -> "httpx2.Response":
        return self.call("PATCH", path, expected, body, {"If-Match": if_match, "Content-Type": MERGE_PATCH})

    def call(
        self,
        method: str,
        path: str,
        expected: int,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "httpx2.Response":
        """One request. Raises WrongAnswer unless the status is the expected one."""
        import httpx2  # noqa: PLC0415

        given = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        try:
            answer = self._http.request(method, path, headers=given, json=body)
        except httpx2.HTTPError as error:
            raise WrongAnswer(f"{self.first_name}: {method} {path} got no answer: {error}") from None
        if answer.status_code != expected:
            text = " ".join(answer.text.split())[:500]
            raise WrongAnswer(
                f"{self.first_name}: {method} {path} should answer {expected}, but answered {answer.status_code} {text}"
            )
        return answer


def check(what: str, found: Value, expected: Value) -> None:
    """Raises WrongAnswer when they differ."""
    if found != expected:
        raise WrongAnswer(f"{what} should be {expected!r}, but is {found!r}")


def check_fields(what: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Every expected field has its value; there may be others."""
    for name, value in expected.items():
        check(f"{what}: {name}", found.get(name), value)


def check_that(what: str, found: Any, holds: Callable[[Any], bool]) -> None:
    """Raises WrongAnswer when it does not hold."""
    if not holds(found):
        raise WrongAnswer(f"{what}, but is {found!r}")
