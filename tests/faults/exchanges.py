"""Exchanges that only wait to be finalized, and the members who finalize them and insist on an answer."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx2
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_kit.clock import SystemClock
from skillsync_kit.ids import new_id
from skillsync_transactions import tables

from .fleet import Fleet
from .history import History

__all__ = ["MINUTES", "Exchange", "Finalizers", "among", "prepare"]

MEMBERS = 100
MINUTES = 60
PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 0.05
ATTEMPTS = 600
_ROWS = 1000

Pair = tuple[str, str]
Exchange = tuple[str, str, str]
"""Its id, who gives, who receives."""


def among(number: int) -> list[Pair]:
    """So many pairs of a giver and a receiver, among a hundred members."""
    members = [new_id() for _ in range(MEMBERS)]
    return list(itertools.islice(itertools.cycle(itertools.permutations(members, 2)), number))


async def prepare(fleet: Fleet, pairs: Sequence[Pair]) -> list[Exchange]:
    """An accepted gift of an hour for each pair, written straight into the service's tables."""
    now = SystemClock().now()
    exchanges = [(new_id(), giver, receiver) for giver, receiver in pairs]
    members = {member for pair in pairs for member in pair}
    number = len(exchanges)
    engine = create_async_engine(fleet.mariadb.url("transactions"))
    async with engine.begin() as connection:
        accounts = [
            {"owner": member, "balance": 0, "held": 0, "floor": -(10**6), "event_sequence": 0} for member in members
        ]
        await connection.execute(insert(tables.accounts).prefix_with("IGNORE"), accounts)
        for start in range(0, number, _ROWS):
            some = exchanges[start : start + _ROWS]
            for table, rows in _rows(some, now).items():
                await connection.execute(insert(table), rows)
        for receiver, times in Counter(receiver for _, receiver in pairs).items():
            account = tables.accounts.update().where(tables.accounts.c.owner == receiver)
            await connection.execute(account.values(held=tables.accounts.c.held + times * MINUTES))
    await engine.dispose()
    return exchanges


def _rows(exchanges: list[Exchange], now: Any) -> dict[Any, list[dict[str, Any]]]:
    at = now.isoformat()
    rows: dict[Any, list[dict[str, Any]]] = {
        tables.transactions: [
            {
                "id": id,
                "author": giver,
                "state": "accepted",
                "version": 3,
                "terms_rev": 1,
                "settlement": "hours",
                "legs": {"a": {"giver": giver, "receiver": receiver, "skill": "guitar", "minutes": MINUTES}},
                "days_open": 14,
                "expires_at": now + timedelta(days=60),
                "due_at": now + timedelta(days=60),
                "acceptances": [(giver, 1, at), (receiver, 1, at)],
                "confirmations": [],
                "revisions": [],
                "event_sequence": 3,
                "created_at": now,
                "updated_at": now,
            }
            for id, giver, receiver in exchanges
        ],
        tables.texts: [
            {
                "transaction_id": id,
                "title": "An hour of guitar",
                "note": "",
                "names": {who: ("Given", who[-4:], f"G. {who[-4:]}") for who in (giver, receiver)},
                "reasons": {},
            }
            for id, giver, receiver in exchanges
        ],
        tables.participants: [
            {"user_id": who, "transaction_id": id, "is_author": who == giver, "state": "accepted", "updated_at": now}
            for id, giver, receiver in exchanges
            for who in (giver, receiver)
        ],
        tables.history: [
            {
                "transaction_id": id,
                "number": number,
                "actor": actor,
                "action": action,
                "from_state": before,
                "to_state": after,
                "changed": [],
                "at": now,
            }
            for id, giver, receiver in exchanges
            for number, (actor, action, before, after) in enumerate(
                [
                    (giver, "create", None, "draft"),
                    (giver, "propose", "draft", "proposed"),
                    (receiver, "accept", "proposed", "accepted"),
                ],
                start=1,
            )
        ],
    }
    return rows


class Finalizers:
    """Members who insist: a request is repeated with its key until it is answered, at the one process or the other."""

    def __init__(self, fleet: Fleet, history: History) -> None:
        """Every attempt goes into the history."""
        limits = httpx2.Limits(max_connections=100, max_keepalive_connections=50)
        self._clients = [
            httpx2.AsyncClient(base_url=api.url, limits=limits, timeout=PATIENCE_SECONDS, trust_env=False)
            for api in fleet.apis
        ]
        self._fleet, self._history = fleet, history
        self._turns = itertools.count()
        self._tokens: dict[str, str] = {}

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients:
            await client.aclose()

    async def finalize(self, exchange: Exchange) -> None:
        """Finalize as the receiver."""
        id, _, receiver = exchange
        path, body = f"/v1/transactions/{id}/finalize", {"terms_rev": 1}
        told = await self._insist("finalize", id, path, receiver, body)
        assert told["state"] == "finalized", told

    async def draft(self, exchange: Exchange) -> None:
        """Write down the next exchange with the same member: the giver, who has to know the other's name."""
        _, giver, receiver = exchange
        leg = {"giver": giver, "receiver": receiver, "skill": "guitar", "minutes": MINUTES}
        told = await self._insist("draft", new_id(), "/v1/transactions", giver, {"title": "More", "legs": {"a": leg}})
        assert {person["last_name"] for person in told["participants"]} == {giver[-4:], receiver[-4:]}, told

    async def _insist(self, operation: str, subject: str, path: str, by: str, body: Any) -> dict[str, Any]:
        """Repeat a request with its key until it is answered."""
        key = new_id()
        for _ in range(ATTEMPTS):
            told = await self._attempt(operation, subject, path, by, body, key)
            if told is not None:
                return told
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError(f"{operation} {subject} is never answered: {self._history.details()}")

    async def _attempt(
        self, operation: str, subject: str, path: str, by: str, body: Any, key: str
    ) -> dict[str, Any] | None:
        api = next(self._turns) % len(self._clients)
        attempt = self._history.invoke(operation, subject, self._fleet.apis[api].url)
        headers = {"Authorization": f"Bearer {self._token(by)}", "Idempotency-Key": key}
        try:
            answer = await self._clients[api].post(path, json=body, headers=headers)
        except httpx2.ConnectError as error:
            attempt.complete("fail", type(error).__name__)
        except httpx2.TransportError as error:
            attempt.complete("unknown", type(error).__name__)
        else:
            if answer.is_success:
                attempt.complete("ok")
                told: dict[str, Any] = answer.json()
                return told
            # A refusal that comes back from a service was not done; only "not now" is one that may.
            assert answer.status_code in (429, 503), f"{answer.status_code}: {answer.text}"
            attempt.complete("fail", str(answer.status_code))
        return None

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = self._fleet.pool.token(user)
        return self._tokens[user]
