"""Doubles for the kit's ports, for tests: a clock that stands still, and a user pool that signs its own tokens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from skillsync_kit.auth import TokenVerifier
from skillsync_kit.clock import SystemClock
from skillsync_kit.errors import Unauthorized
from skillsync_kit.ids import new_id

__all__ = ["FixedClock", "UserPool"]


class FixedClock:
    """A clock that goes only when told to."""

    def __init__(self, moment: datetime = datetime(2030, 1, 1, 12, tzinfo=UTC)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """The moment it stands at."""
        return self.moment

    def advance(self, **duration: float) -> None:
        """Go on by a duration, as `timedelta` takes it."""
        self.moment += timedelta(**duration)


class UserPool:
    """A user pool of its own key: signs real RS256 tokens, and knows the key that verifies them."""

    issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_test"
    web_client_id = "web-client"
    worker_client_id = "worker-client"

    def __init__(self) -> None:
        self.private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = "key-1"

    def verifier(self, clock: Any) -> TokenVerifier:
        """A verifier that trusts this pool."""
        return TokenVerifier(
            self.key_of,
            clock,
            issuer=self.issuer,
            web_client_id=self.web_client_id,
            worker_client_id=self.worker_client_id,
        )

    async def key_of(self, key_id: str) -> jwt.PyJWK:
        """The public key, as the pool's key set gives it."""
        if key_id != self.key_id:
            raise Unauthorized("no such key")
        return jwt.PyJWK.from_dict(self.public_jwk())

    def public_jwk(self) -> dict[str, Any]:
        """The public key as a JWK."""
        key: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {**key, "kid": self.key_id, "alg": "RS256", "use": "sig"}

    def claims(self, user: str, **changes: Any) -> dict[str, Any]:
        """The claims of a valid access token for an hour from the machine's present; None takes a claim away."""
        now = int(SystemClock().now().timestamp())
        claims = {
            "sub": user,
            "iss": self.issuer,
            "token_use": "access",
            "client_id": self.web_client_id,
            "scope": "aws.cognito.signin.user.admin",
            "iat": now,
            "exp": now + 3600,
            "jti": new_id(),
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def token(self, user: str, **changes: Any) -> str:
        """An access token of a person."""
        return jwt.encode(self.claims(user, **changes), self.private_key, "RS256", {"kid": self.key_id})

    def worker_token(self, *scopes: str) -> str:
        """An access token of a worker, with these scopes."""
        return self.token(self.worker_client_id, client_id=self.worker_client_id, scope=" ".join(scopes))
