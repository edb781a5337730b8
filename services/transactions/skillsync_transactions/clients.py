"""Other services this one asks: the users service, for participants' names."""

from collections.abc import Collection
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from skillsync_kit.cache import Cache
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.http_client import ServiceClient
from skillsync_transactions.entities import Name

__all__ = ["People", "UsersService", "name_key"]

_KEEP_NAMES_SECONDS = 300


class People(Protocol):
    """Knows members by their ids."""

    async def names(self, ids: Collection[str], token: str) -> dict[str, Name]:
        """The names of those of `ids` that are members. Raises DependencyUnavailable."""
        ...


class _Person(BaseModel):
    """What this service reads of a user; the rest is passed over."""

    model_config = ConfigDict(extra="ignore")

    id: str
    first_name: str
    last_name: str
    display_name: str


class _Found(BaseModel):
    items: list[_Person]


class UsersService:
    """People, asked for at the users service with the caller's own token, and remembered for a while."""

    def __init__(self, client: ServiceClient, cache: Cache) -> None:
        self._client = client
        self._cache = cache

    async def names(self, ids: Collection[str], token: str) -> dict[str, Name]:
        """See People."""
        known = await self._cache.get_many((name_key(id) for id in sorted(ids)), tuple[str, str, str])
        names = {key.removeprefix(name_key("")): Name(*value) for key, value in known.items()}
        missing = sorted(set(ids) - names.keys())
        if missing:
            fresh = await self._ask(missing, token)
            kept = {name_key(id): (n.first_name, n.last_name, n.display_name) for id, n in fresh.items()}
            await self._cache.set_many(kept, seconds=_KEEP_NAMES_SECONDS)
            names |= fresh
        return names

    async def _ask(self, ids: list[str], token: str) -> dict[str, Name]:
        answer = await self._client.get("/v1/users", token, query=[("id", id) for id in ids])
        try:
            people = _Found.model_validate(answer).items
        except ValidationError as invalid:
            raise DependencyUnavailable("The users service's answer cannot be read.") from invalid
        return {p.id: Name(p.first_name, p.last_name, p.display_name) for p in people}


def name_key(id: str) -> str:
    """Under which a person's names are cached."""
    return f"name:{id}"
