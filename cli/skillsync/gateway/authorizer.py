"""The JWT authorizer of an HTTP API: RS256 by a published key, issuer, audience, times, scopes.

It lets ID tokens of the right audience pass, as API Gateway does: services refuse those.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import jwt

from skillsync.gateway.answers import Header, Refused
from skillsync.gateway.edge import JwtSettings
from skillsync.gateway.keys import KeyStore

_REMEMBERED = 4096  # verified tokens, by digest
Claims = dict[str, Any]


class JwtAuthorizer:
    def __init__(self, settings: JwtSettings, keys: KeyStore, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._verified: dict[bytes, Claims] = {}
        self._generation = 0

    async def claims(self, headers: list[Header], scopes: frozenset[str]) -> Claims:
        """The claims of the request's token. Raises Refused: 401, or 403 when the token lacks every scope wanted."""
        values = [value for name, value in headers if name == self._settings.header]
        if not values:
            raise Refused(401, "Unauthorized", "no token", [(b"www-authenticate", b"Bearer")])
        if len(values) > 1:
            raise _invalid("more than one token")
        scheme, _, rest = values[0].partition(b" ")
        claims = await self._verify(rest.strip() if scheme.lower() == b"bearer" else values[0])
        if scopes and scopes.isdisjoint(_scopes(claims)):
            challenge = f'Bearer scope="{" ".join(sorted(scopes))}" error="insufficient_scope"'
            raise Refused(403, "Forbidden", "insufficient scope", [(b"www-authenticate", challenge.encode())])
        return claims

    async def _verify(self, token: bytes) -> Claims:
        if self._generation != self._keys.generation:
            self._verified.clear()
            self._generation = self._keys.generation
        digest = hashlib.sha256(token).digest()
        claims = self._verified.get(digest)
        if claims is not None and claims["exp"] > self._clock():
            return claims
        claims = await self._decode(token)
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        self._verified[digest] = claims
        return claims

    async def _decode(self, token: bytes) -> Claims:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str):
                raise _invalid("signing method or key id is invalid")
            key = await self._keys.find(header["kid"])
            if key is None:
                raise _invalid("unable to find a key that matches the token's key id")
            claims: Claims = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                issuer=self._settings.issuer,
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
        except jwt.ExpiredSignatureError:
            raise _invalid("the token has expired") from None
        except jwt.InvalidIssuerError:
            raise _invalid("the token has an invalid issuer") from None
        except jwt.PyJWTError:
            raise _invalid("the token is invalid") from None
        # aud counts where there is one (ID tokens), else client_id (Cognito's access tokens).
        audience = claims.get("aud", claims.get("client_id"))
        named = audience if isinstance(audience, list) else [audience]
        if not any(name in self._settings.audience for name in named):
            raise _invalid("the token does not have a valid audience")
        return claims


def _scopes(claims: Claims) -> set[str]:
    scopes = claims.get("scope", claims.get("scp"))
    if isinstance(scopes, str):
        return set(scopes.split())
    return set(map(str, scopes)) if isinstance(scopes, list) else set()


def _invalid(description: str) -> Refused:
    challenge = f'Bearer scope="" error="invalid_token" error_description="{description}"'
    return Refused(401, "Unauthorized", description, [(b"www-authenticate", challenge.encode())])
