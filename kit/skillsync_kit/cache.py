"""The cache: names, profiles and catalogues by key; never an authorisation.

It may vanish or be emptied at any time: a miss is answered from the source, and a failing or slow cache is a miss. A
value that is not what its reader expects is one too: another release, or a stranger, may have put it there.
Values are kept as JSON, also in this process: what is read from Redis is data, never code, and a tuple comes back as a
list from either.
"""

import asyncio
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from cashews import Cache as Cashews
from pydantic import TypeAdapter, ValidationError

from skillsync_kit.telemetry import log

__all__ = ["Cache"]

Shape = TypeVar("Shape")

# Asking the source costs a few milliseconds: a cache that takes longer than this has no use.
_LONGEST_SECONDS = 0.5


class Cache:
    """Values by key under a service's prefix, in this process (`mem://`) or in Redis (`redis://host:port/db`)."""

    def __init__(self, url: str, service: str) -> None:
        self._cache = Cashews()
        self._prefix = f"skillsync:{service}:"
        # Not suppressed: the library would log an error with a traceback for each call; here it is one line.
        options: dict[str, Any] = {"size": 10_000} if url.startswith("mem") else {"suppress": False}
        self._cache.setup(url, pickle_type="json", **options)

    async def get_many(self, keys: Iterable[str], shape: type[Shape]) -> dict[str, Shape]:
        """The values that are there and are of that shape, by key. `shape` is a type such as `tuple[str, int]`."""
        wanted = list(keys)
        if not wanted:
            return {}
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                values = await self._cache.get_many(*(self._prefix + key for key in wanted))
        except Exception as error:
            log.warning("cache does not answer", error=type(error).__name__)
            return {}
        found: dict[str, Shape] = {}
        for key, value in zip(wanted, values, strict=True):
            try:
                if value is not None:
                    found[key] = _adapter(cast("Any", shape)).validate_python(value)
            except ValidationError as invalid:
                log.warning("cache holds what cannot be read", faults=invalid.error_count())
        return found

    async def set_many(self, values: Mapping[str, Any], *, seconds: float) -> None:
        """Keep the values for a time."""
        if not values:
            return
        kept = {self._prefix + key: value for key, value in values.items()}
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await self._cache.set_many(kept, expire=seconds)
        except Exception as error:
            log.warning("cache does not answer", error=type(error).__name__)

    async def delete(self, *keys: str) -> None:
        """Forget the values of these keys."""
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await self._cache.delete_many(*(self._prefix + key for key in keys))
        except Exception as error:
            log.warning("cache does not answer", error=type(error).__name__)

    async def close(self) -> None:
        """Close the connections to the cache."""
        await self._cache.close()


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)
