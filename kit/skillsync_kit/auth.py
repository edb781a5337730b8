"""The caller: a principal, read from a Cognito access token that this service verifies itself.

The gateway's authorizer lets ID tokens pass and a caller may reach a service without it, so every service checks all of
it: RS256 alone, keys from the pinned URL, `iss`, `token_use`, `client_id`, `exp`, `nbf`.
Source: Amazon Cognito, "Verifying JSON web tokens"; RFC 8725.
"""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import httpx2
import jwt
from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase

from skillsync_kit.clock import Clock, monotonic_seconds
from skillsync_kit.errors import DependencyUnavailable, Failure, Forbidden, NotFound, Unauthorized, raises
from skillsync_kit.telemetry import log

__all__ = [
    "COORDINATOR",
    "OPERATOR",
    "Coordinator",
    "Keys",
    "NotACoordinator",
    "Operator",
    "Person",
    "Principal",
    "TokenVerifier",
    "access",
    "current_principal",
    "public",
    "require_group",
    "require_operator",
    "worker_scope",
]

COORDINATOR = "coordinator"
"""The user pool's group of those who look after the community."""

OPERATOR = "operator"
"""The user pool's group of those who look after the system, and see no content."""

_LEEWAY_SECONDS = 30
_FETCH_AT_MOST_EVERY_SECONDS = 60.0
# Without any keys nobody can be let in, so it is tried again soon; but not by each of those who wait for the fetch.
_FETCH_AGAIN_AFTER_SECONDS = 1.0
_REMEMBERED_TOKENS = 10_000
_ID = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. A person has groups and no scope of ours; a worker acts for nobody and has scopes."""

    id: str
    token: str
    groups: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    is_worker: bool = False


class NotACoordinator(Forbidden):
    """Only coordinators may do this."""

    code, title = "not-a-coordinator", "Only coordinators may do this"
    example = "Ask a coordinator of your community."


class Keys:
    """The pool's public keys, fetched when needed and at most once a minute, whatever key ids callers invent."""

    def __init__(self, client: httpx2.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetch_again_at: float | None = None
        self._fetching = asyncio.Lock()

    async def get(self, key_id: str) -> jwt.PyJWK:
        """The key of that id. Raises Unauthorized when there is none, DependencyUnavailable without any keys."""
        if key_id not in self._keys:
            async with self._fetching:
                if key_id not in self._keys and self._may_fetch():
                    await self._fetch()
        if not self._keys:
            raise DependencyUnavailable("The user pool's keys cannot be read.")
        try:
            return self._keys[key_id]
        except KeyError:
            raise Unauthorized("The token is signed with a key this user pool does not have.") from None

    def _may_fetch(self) -> bool:
        return self._fetch_again_at is None or monotonic_seconds() >= self._fetch_again_at

    async def _fetch(self) -> None:
        try:
            answer = await self._client.get(self._url, timeout=3)
            answer.raise_for_status()
            found = jwt.PyJWKSet.from_dict(answer.json()).keys
            self._keys = {key.key_id: key for key in found if key.key_id}
        except (httpx2.HTTPError, jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            log.warning("the user pool's keys cannot be read", error=type(error).__name__)
        pause = _FETCH_AT_MOST_EVERY_SECONDS if self._keys else _FETCH_AGAIN_AFTER_SECONDS
        self._fetch_again_at = monotonic_seconds() + pause


class TokenVerifier:
    """Verifies access tokens, and remembers the verified ones by digest until they expire."""

    def __init__(
        self,
        key_of: Callable[[str], Awaitable[jwt.PyJWK]],
        clock: Clock,
        *,
        issuer: str,
        web_client_id: str,
        worker_client_id: str | None = None,
    ) -> None:
        self._key_of = key_of
        self._clock = clock
        self._issuer = issuer
        self._web_client_id = web_client_id
        self._worker_client_id = worker_client_id
        self._verified: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """The principal of an access token. Raises Unauthorized, which never says which check failed first."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(digest)
        if known and known[0] > self._now().timestamp():
            return known[1]
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str):
                raise Unauthorized("The token is not signed the way this user pool signs.")
            claims = jwt.decode(
                token,
                await self._key_of(header["kid"]),
                algorithms=["RS256"],
                issuer=self._issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "sub", "token_use", "client_id"], "verify_aud": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as invalid:
            raise Unauthorized("The access token is not valid.") from invalid
        principal = self._principal(claims, token)
        self._remember(digest, float(claims["exp"]), principal)
        return principal

    def _principal(self, claims: dict[str, Any], token: str) -> Principal:
        known_clients = (self._web_client_id, self._worker_client_id)
        if claims["token_use"] != "access" or claims["client_id"] not in known_clients:  # noqa: S105 - no password
            raise Unauthorized("This is not an access token of a known client.")
        if not _ID.fullmatch(claims["sub"]):
            # A blank at its end would be passed over where ids are compared in the database.
            raise Unauthorized("The token's subject is no id.")
        is_worker = claims["client_id"] == self._worker_client_id
        return Principal(
            id=claims["sub"],
            token=token,
            groups=frozenset() if is_worker else frozenset(claims.get("cognito:groups", ())),
            scopes=frozenset(str(claims.get("scope", "")).split()) if is_worker else frozenset(),
            is_worker=is_worker,
        )

    def _remember(self, digest: bytes, expires_at: float, principal: Principal) -> None:
        self._verified[digest] = (expires_at, principal)
        if len(self._verified) > _REMEMBERED_TOKENS:
            self._verified.popitem(last=False)

    def _now(self) -> datetime:
        return self._clock.now()


class _Authentication(SecurityBase):
    """The verified caller of a request, as one dependency that documents itself too. Raises Unauthorized."""

    scheme_name = "HTTPBearer"
    raises: tuple[type[Failure], ...] = (Unauthorized, DependencyUnavailable)

    def __init__(self) -> None:
        self.model = HTTPBearerModel(description="An access token of the user pool")

    async def __call__(self, request: Request) -> Principal:
        return await authenticate(request)


class _PersonAuthentication(_Authentication):
    """As above. Raises Forbidden when the caller is a worker."""

    raises: tuple[type[Failure], ...] = (Unauthorized, DependencyUnavailable, Forbidden)

    async def __call__(self, request: Request) -> Principal:
        principal = await authenticate(request)
        if principal.is_worker:
            raise Forbidden("Only people may call this.")
        return principal


class _CoordinatorAuthentication(_PersonAuthentication):
    """As above. Raises NotACoordinator unless the person is in that group."""

    raises: tuple[type[Failure], ...] = (*_PersonAuthentication.raises, NotACoordinator)

    async def __call__(self, request: Request) -> Principal:
        principal = await super().__call__(request)
        require_group(principal, COORDINATOR)
        return principal


class _OperatorAuthentication(_Authentication):
    """As above. Raises NotFound unless the caller is a person of that group: to all others the route is not there."""

    raises: tuple[type[Failure], ...] = (*_Authentication.raises, NotFound)

    async def __call__(self, request: Request) -> Principal:
        principal = await authenticate(request)
        require_operator(principal)
        return principal


current_principal = _Authentication()
"""The dependency of whoever takes any verified caller."""

Person = Annotated[Principal, Depends(_PersonAuthentication())]
"""The calling person; a worker is refused."""

Coordinator = Annotated[Principal, Depends(_CoordinatorAuthentication())]
"""The calling coordinator; a worker and every other person is refused."""

Operator = Annotated[Principal, Depends(_OperatorAuthentication())]
"""The calling operator; to a worker and every other person the route does not exist."""


def require_group(principal: Principal, group: str) -> None:
    """Raises NotACoordinator unless the principal is in the user pool's `group`; a worker is in none."""
    if group not in principal.groups:
        raise NotACoordinator("Ask a coordinator of your community.")


def require_operator(principal: Principal) -> None:
    """Raises NotFound unless the principal is a person of the operators' group."""
    if OPERATOR not in principal.groups:
        raise NotFound()


async def authenticate(request: Request) -> Principal:
    """The verified caller of this request. Raises Unauthorized."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("Send an access token as 'Authorization: Bearer …'.")
    verifier: TokenVerifier = request.app.state.verifier
    principal = await verifier.verify(token.strip())
    request.state.principal = principal
    return principal


def worker_scope(scope: str) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that lets only workers with `scope` through; to everyone else the route does not exist."""

    @raises(NotFound)
    async def check(principal: Annotated[Principal, Depends(current_principal)]) -> Principal:
        if scope not in principal.scopes:
            raise NotFound()
        return principal

    return check


def access(**expected: int) -> dict[str, Any]:
    """A route's row of the authorisation matrix, for its `openapi_extra`: the status each kind of caller gets.

    Callers are `owner`, `counterparty`, `stranger` and `worker`; an anonymous caller always gets 401. A
    `former_candidate`, whom a draft named for a while, a `coordinator` and an `operator` are strangers unless said
    otherwise.
    """
    if "stranger" in expected:
        expected = dict.fromkeys(("former_candidate", "coordinator", "operator"), expected["stranger"]) | expected
    return {"x-access": {**expected, "anonymous": 401}}


def public(status: int = 200) -> dict[str, Any]:
    """The row of a route that asks for no token."""
    people = ("owner", "counterparty", "former_candidate", "stranger", "coordinator", "operator")
    callers = (*people, "worker", "anonymous")
    return {"x-access": dict.fromkeys(callers, status)}
