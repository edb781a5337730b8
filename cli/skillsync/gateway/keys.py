"""The user pool's public keys: fetched when needed, kept for two hours, and never fetched in a flood."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import jwt

Fetch = Callable[[], Awaitable[bytes]]

KEEP_SECONDS = 7200.0  # as long as API Gateway keeps them
COOLDOWN_SECONDS = 60.0  # tokens of unknown keys cost one fetch a minute, however many come
RETRY_SECONDS = 1.0  # while the user pool does not answer


class KeyStore:
    """`fetch` returns the JWKS document; whatever it raises means: no new keys now."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._stale_at = self._next_fetch_at = float("-inf")
        self._lock = asyncio.Lock()
        self.generation = 0  # rises with every new set of keys

    async def warm(self) -> None:
        """Fetch ahead of the first request, which would have to be quick about it; if it fails, that one asks again."""
        async with self._lock:
            await self._refresh()

    async def find(self, kid: str) -> jwt.PyJWK | None:
        known = self._keys.get(kid)
        now = self._clock()
        if now < self._next_fetch_at or (known is not None and now < self._stale_at):
            return known
        async with self._lock:
            if self._clock() >= self._next_fetch_at:
                await self._refresh()
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        try:
            found = jwt.PyJWKSet.from_dict(json.loads(await self._fetch()))
        except Exception:  # an unreachable or broken key endpoint leaves the keys as they are
            self._next_fetch_at = self._clock() + RETRY_SECONDS
            return
        self._keys = {key.key_id: key for key in found.keys if key.key_id and key.key_type == "RSA"}
        self._next_fetch_at = self._clock() + COOLDOWN_SECONDS
        self._stale_at = self._clock() + KEEP_SECONDS
        self.generation += 1
