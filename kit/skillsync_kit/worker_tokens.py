"""The worker's identity: it acts for nobody, so it has access tokens of its own.

Source: OAuth 2.0, client credentials grant (RFC 6749, 4.4); Amazon Cognito, "The token issuer endpoint".
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import httpx2
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from skillsync_kit.clock import monotonic_seconds
from skillsync_kit.errors import DependencyUnavailable

if TYPE_CHECKING:
    from types_aiobotocore_secretsmanager import SecretsManagerClient

__all__ = ["SecretsManager", "Tokens", "WorkerTokens"]

_TIMEOUT_SECONDS = 5
# A token this close to its end could expire on its way.
_MARGIN_SECONDS = 60


class Tokens(Protocol):
    """Gives access tokens for calls to other services."""

    async def get(self) -> str:
        """A token that is valid now. Raises DependencyUnavailable."""
        ...

    def forget(self, token: str) -> None:
        """Give this token no more: a service has refused it."""
        ...


class SecretsManager:
    """The secret of the worker's app client, kept in Secrets Manager as the bare secret."""

    def __init__(self, client: "SecretsManagerClient", secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    async def read(self) -> str:
        """The secret. Raises DependencyUnavailable."""
        try:
            answer = await self._client.get_secret_value(SecretId=self._secret_id)
        except (BotoCoreError, ClientError, OSError, TimeoutError) as error:
            raise DependencyUnavailable("The worker's secret cannot be read.") from error
        return answer["SecretString"]


class _Granted(BaseModel):
    model_config = ConfigDict(extra="ignore")

    access_token: str
    expires_in: float


class WorkerTokens:
    """Tokens by the client credentials grant, for the scopes this worker needs; kept until shortly before they end."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        url: str,
        client_id: str,
        read_secret: Callable[[], Awaitable[str]],
        scopes: Sequence[str],
    ) -> None:
        self._http = http
        self._url = url
        self._client_id = client_id
        self._read_secret = read_secret
        self._scopes = " ".join(scopes)
        self._secret: str | None = None
        self._token: str | None = None
        self._ends_at = 0.0
        self._asking = asyncio.Lock()

    async def get(self) -> str:
        """See Tokens. Many at once ask the token endpoint once."""
        if (token := self._kept()) is not None:
            return token
        async with self._asking:
            return self._kept() or await self._ask()

    def forget(self, token: str) -> None:
        """See Tokens."""
        if token == self._token:
            self._token = None

    def _kept(self) -> str | None:
        return self._token if monotonic_seconds() < self._ends_at else None

    async def _ask(self) -> str:
        if self._secret is None:
            self._secret = await self._read_secret()
        asked_at = monotonic_seconds()
        try:
            answer = await self._http.post(
                self._url,
                data={"grant_type": "client_credentials", "scope": self._scopes},
                auth=(self._client_id, self._secret),
                timeout=_TIMEOUT_SECONDS,
            )
        except httpx2.HTTPError as error:
            raise DependencyUnavailable("The token endpoint does not answer.") from error
        if answer.is_client_error:
            # The secret may have been rotated: read it anew the next time.
            self._secret = None
        if not answer.is_success:
            raise DependencyUnavailable(f"The token endpoint answered {answer.status_code}.")
        try:
            granted = _Granted.model_validate_json(answer.content)
        except ValidationError as invalid:
            # Not as the cause: it would quote the answer, and the token in it.
            raise DependencyUnavailable(f"The token endpoint's answer has {invalid.error_count()} faults.") from None
        self._token, self._ends_at = granted.access_token, asked_at + granted.expires_in - _MARGIN_SECONDS
        return granted.access_token
