"""People who send requests at once, each to one of the two processes."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import httpx2

from skillsync_kit import deadline
from skillsync_kit.ids import new_id
from skillsync_kit.testing import UserPool

__all__ = ["Clients", "ok"]

JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
LANES = 4
CONNECTIONS = 200


class Clients:
    """Everybody's requests, with a token of each."""

    def __init__(self, pool: UserPool, urls: Iterable[str]) -> None:
        """`urls` are those of the processes."""
        limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self._clients = [httpx2.AsyncClient(base_url=url, limits=limits, timeout=30, trust_env=False) for url in urls]
        self._turns = itertools.count()
        self._pool = pool
        self._tokens: dict[str, str] = {}

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients:
            await client.aclose()

    # --- requests ---

    async def send(
        self,
        method: str,
        path: str,
        by: str,
        body: Any = None,
        *,
        key: str | None = None,
        if_match: int | None = None,
        at: int | None = None,
        deadline_seconds: float | None = None,
    ) -> httpx2.Response:
        """A request under /v1 by a member to process `at`, by turns unless told. A POST has a new key unless given."""
        headers = {"Authorization": f"Bearer {self._token(by)}"}
        if method == "POST":
            headers["Idempotency-Key"] = key or new_id()
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        if deadline_seconds is not None:
            headers[deadline.HEADER] = str(round(deadline_seconds * 1000))
        if body is not None:
            headers["Content-Type"] = MERGE_PATCH if method == "PATCH" else JSON
        client = self._clients[(next(self._turns) if at is None else at) % len(self._clients)]
        content = None if body is None else json.dumps(body).encode()
        return await client.request(method, f"/v1{path}", content=content, headers=headers)

    async def create(self, by: str, body: Any, **more: Any) -> httpx2.Response:
        """POST a draft."""
        return await self.send("POST", "/transactions", by, body, **more)

    async def act(self, verb: str, id: str, by: str, body: Any = None, **more: Any) -> httpx2.Response:
        """POST an action; accept and finalize are to the first terms unless told."""
        if body is None and verb in ("accept", "finalize"):
            body = {"terms_rev": 1}
        return await self.send("POST", f"/transactions/{id}/{verb}", by, body, **more)

    async def patch(self, id: str, by: str, body: Any, if_match: int, **more: Any) -> httpx2.Response:
        """PATCH a transaction."""
        return await self.send("PATCH", f"/transactions/{id}", by, body, if_match=if_match, **more)

    async def get(self, id: str, by: str, **more: Any) -> dict[str, Any]:
        """The transaction as a member sees it."""
        return ok(await self.send("GET", f"/transactions/{id}", by, **more))

    async def at_once(self, *requests: Coroutine[Any, Any, httpx2.Response]) -> list[httpx2.Response]:
        """Send all at once; the answers, in the order of the requests."""
        return list(await asyncio.gather(*requests))

    @staticmethod
    def outcome(answer: httpx2.Response) -> str:
        """In a word: the state of the transaction answered with, or the refusal's code."""
        body = answer.json()
        word: str = body.get("code") or body["state"]
        return word

    async def in_lanes(
        self, numbers: Iterable[int], work: Callable[[int], Awaitable[None]], lanes: int = LANES
    ) -> None:
        """Do the work for each number, so many at a time: one by one they would mostly wait for the disk."""
        shared = iter(numbers)

        async def lane() -> None:
            for number in shared:
                await work(number)

        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(lane())

    # --- transactions in a state ---

    @staticmethod
    def exchange(*legs: tuple[str, str, int]) -> dict[str, Any]:
        """The body of a transaction of these legs: giver, receiver, minutes."""
        return {
            "title": "Guitar for German",
            "legs": {
                f"l{n}": {"giver": giver, "receiver": receiver, "skill": "guitar", "minutes": minutes}
                for n, (giver, receiver, minutes) in enumerate(legs)
            },
        }

    def gift(self, giver: str, receiver: str, minutes: int = 60) -> dict[str, Any]:
        """One leg: the receiver's hours are held, and move."""
        return self.exchange((giver, receiver, minutes))

    def swap(self, one: str, other: str) -> dict[str, Any]:
        """Two legs, an hour each."""
        return self.exchange((one, other, 60), (other, one, 60))

    def ring(self, members: list[str]) -> dict[str, Any]:
        """Each gives an hour to the next."""
        return self.exchange(*((giver, members[n - 1], 60) for n, giver in enumerate(members)))

    async def drafted(self, by: str, body: Any) -> str:
        """The id of a draft."""
        id: str = ok(await self.create(by, body), 201)["id"]
        return id

    async def proposed(self, by: str, body: Any) -> str:
        """The id of a proposed transaction, at version 2."""
        id = await self.drafted(by, body)
        ok(await self.act("propose", id, by))
        return id

    async def accepted(self, by: str, other: str, body: Any) -> str:
        """The id of an accepted transaction of two, at version 3."""
        id = await self.proposed(by, body)
        ok(await self.act("accept", id, other))
        return id

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = self._pool.token(user)
        return self._tokens[user]


def ok(answer: httpx2.Response, status: int = 200) -> dict[str, Any]:
    """The answer's body; fails when it has another status."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    body: dict[str, Any] = answer.json()
    return body
