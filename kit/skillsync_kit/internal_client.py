"""Calls to the internal routes of another service, as the worker."""

from collections.abc import Sequence
from typing import Any

from skillsync_kit.http_client import ServiceClient, TokenRefused
from skillsync_kit.worker_tokens import Tokens

__all__ = ["InternalService"]


class InternalService:
    """One other service, asked with the worker's own token; with a new one when the first is refused."""

    def __init__(self, client: ServiceClient, tokens: Tokens) -> None:
        self._client = client
        self._tokens = tokens

    async def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Any:
        """The JSON at `path`, None when there is no such thing. Raises DependencyUnavailable."""
        token = await self._tokens.get()
        try:
            return await self._client.get(path, token, query=query, missing_is_none=True)
        except TokenRefused:
            self._tokens.forget(token)
            return await self._client.get(path, await self._tokens.get(), query=query, missing_is_none=True)
