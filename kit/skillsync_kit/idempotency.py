"""Idempotency-Key: a client may repeat a POST safely, and gets the first answer again.

The record is inserted first, in the business transaction. Equal requests in flight wait for it on the unique key: when
the first commits they replay its answer, when it rolls back they begin anew. There is no lease and no state.
Source: IETF draft "The Idempotency-Key HTTP Header Field".
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Generic, TypeVar

from fastapi import Header, Request, Response
from sqlalchemy import Column, Index, Integer, MetaData, Table, and_, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from skillsync_kit.auth import authenticate
from skillsync_kit.clock import Clock
from skillsync_kit.database import LONG_TEXT, Database, UnitOfWork, UtcDateTime, key_text
from skillsync_kit.errors import BadRequest, Conflict, Failure, Invalid, raises

__all__ = ["Idempotency", "IdempotencyKey", "KeyReused", "Once", "Reply", "idempotency_table"]

Result = TypeVar("Result")
_HEADER = Header(
    alias="Idempotency-Key",
    max_length=255,
    pattern=r"^[\x21-\x7e]+$",
    description="Random, new for each new request; a repeated one gets the first answer again",
    examples=["5f0c6a9e-3d52-4f0b-8a35-0e6d7c1b2a44"],
)
_KEPT = timedelta(hours=24)
_LOCK_WAIT_TIMEOUT = 1205


class RequestInFlight(Conflict):
    """An equal request was still being worked on when the wait for it ended."""

    code, title = "request-in-flight", "An equal request is still being worked on"
    sends = ("Retry-After",)
    example = "Repeat the request in a moment."


class KeyReused(Invalid):
    """The key was used before for another request."""

    code, title = "idempotency-key-reused", "This Idempotency-Key was used for another request"
    example = "Use a new key for a new request; repeat a request unchanged."


class KeyMissing(BadRequest):
    """A POST that changes state came without a key."""

    code, title = "idempotency-key-required", "An Idempotency-Key is needed"
    example = "Send an Idempotency-Key header: a new random one for each new request."


def idempotency_table(metadata: MetaData) -> Table:
    """The table `idempotency_records`: the answers given, by principal, method and key."""
    return Table(
        "idempotency_records",
        metadata,
        Column("principal", key_text(64), primary_key=True),
        Column("method", key_text(8), primary_key=True),
        Column("key", key_text(255), primary_key=True),
        Column("fingerprint", key_text(64), nullable=False),
        Column("status", Integer),
        Column("headers", LONG_TEXT),
        Column("body", LONG_TEXT),
        Column("created_at", UtcDateTime, nullable=False),
        Index("idempotency_records_age", "created_at"),
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """A ready answer: what is sent now, and again when the request is repeated."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False

    def response(self) -> Response:
        """As HTTP."""
        headers = {**self.headers, "Idempotent-Replayed": "true"} if self.replayed else self.headers
        return Response(self.body, self.status, headers, "application/json")


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """One request's key, and the fingerprint of what it asks for: concrete path, query and canonical body."""

    principal: str
    method: str
    key: str
    fingerprint: str

    def answering(self, records: "Idempotency", present: Callable[[Result], Reply]) -> "Once[Result]":
        """Do a use case once under this key; `present` makes the answer from its result."""
        return Once(self, records, present)

    @staticmethod
    @raises(BadRequest, KeyMissing, RequestInFlight, Invalid, KeyReused)
    async def of(
        request: Request,
        idempotency_key: Annotated[str | None, _HEADER] = None,
    ) -> "IdempotencyKey":
        """The key of a request, as a dependency. Raises KeyMissing."""
        if idempotency_key is None:
            raise KeyMissing("Send an Idempotency-Key header: a new random one for each new request.")
        principal = await authenticate(request)
        body = await request.body()
        try:
            canonical = json.dumps(await request.json(), sort_keys=True) if body else ""
        except json.JSONDecodeError:
            # A route that takes no body has not read it before.
            raise BadRequest("The request body is no valid JSON.") from None
        text = f"{request.url.path}?{request.url.query}\n{canonical}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return IdempotencyKey(principal.id, request.method, idempotency_key, digest)


class Idempotency:
    """The records of one service."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table = table
        self.clock = clock
        # Every changing request runs these: they are made once.
        this = (table.c[name] == bindparam(f"of_{name}") for name in ("principal", "method", "key"))
        self.this = and_(*this)
        self.insert = insert(table)
        self.save = update(table).where(self.this)
        # A locking read: a plain one would look at the transaction's snapshot, older than the record.
        self.find = select(table).where(self.this).with_for_update(read=True)

    async def forget_person(self, unit: UnitOfWork, principal: str) -> None:
        """Delete what a person was answered: their bodies go with them."""
        await unit.connection.execute(delete(self.table).where(self.table.c.principal == principal))

    async def forget_old(self, database: Database, limit: int = 500) -> int:
        """Delete at most `limit` records that are past their 24 hours. How many were."""
        table, before = self.table, self.clock.now() - _KEPT

        async def work(unit: UnitOfWork) -> int:
            old = select(table.c.principal, table.c.method, table.c.key).where(table.c.created_at < before).limit(limit)
            rows = (await unit.connection.execute(old)).all()
            for principal, method, key in rows:
                of = {"of_principal": principal, "of_method": method, "of_key": key}
                await unit.connection.execute(delete(table).where(self.this), of)
            return len(rows)

        return await database.run(work)


class Once(Generic[Result]):
    """One use case under one key. Call `claim` first in the unit of work, `answer` last."""

    def __init__(self, key: IdempotencyKey, records: Idempotency, present: Callable[[Result], Reply]) -> None:
        self._key = key
        self._this = {"of_principal": key.principal, "of_method": key.method, "of_key": key.key}
        self._records = records
        self._present = present

    async def claim(self, unit: UnitOfWork) -> "Claim":
        """Insert the record, or wait for the equal request that holds it and take its answer.

        Raises RequestInFlight when the wait times out.
        """
        now = self._records.clock.now()
        record = {
            "principal": self._key.principal,
            "method": self._key.method,
            "key": self._key.key,
            "fingerprint": self._key.fingerprint,
            "created_at": now,
        }
        try:
            await unit.connection.execute(self._records.insert, record)
        except IntegrityError:
            return await self._earlier(unit, now)
        except OperationalError as error:
            if error.orig is not None and error.orig.args[:1] == (_LOCK_WAIT_TIMEOUT,):
                raise RequestInFlight("Repeat the request in a moment.", headers={"Retry-After": "1"}) from error
            raise
        return Claim(None)

    async def answer(self, unit: UnitOfWork, result: Result) -> Reply:
        """Make the answer and keep it with the record, in the same commit as what it tells of."""
        reply = self._present(result)
        kept = {"status": reply.status, "headers": json.dumps(reply.headers), "body": reply.body}
        await unit.connection.execute(self._records.save, self._this | kept)
        return reply

    async def replay_or_raise(self, database: Database, failure: Failure) -> Reply:
        """The kept answer of an earlier equal request; raises `failure` when there is none."""

        async def work(unit: UnitOfWork) -> Reply:
            claim = await self.claim(unit)
            if claim.is_repeated:
                return claim.replay()
            raise failure

        return await database.run(work)

    async def _earlier(self, unit: UnitOfWork, now: datetime) -> "Claim":
        row = (await unit.connection.execute(self._records.find, self._this)).one()
        if row.created_at + _KEPT <= now:
            anew = {"fingerprint": self._key.fingerprint, "created_at": now}
            blank = dict.fromkeys(("status", "headers", "body"))
            await unit.connection.execute(self._records.save, self._this | anew | blank)
            return Claim(None)
        same = row.fingerprint == self._key.fingerprint
        return Claim(Reply(row.status, row.body, json.loads(row.headers), replayed=True), same=same)


class Claim:
    """Whether a request is new under its key; if not, the answer to replay."""

    def __init__(self, reply: Reply | None, *, same: bool = True) -> None:
        self._reply = reply
        self._same = same

    @property
    def is_repeated(self) -> bool:
        """Whether the key was used before."""
        return self._reply is not None

    def replay(self) -> Reply:
        """The earlier answer. Raises KeyReused when it was the answer to another request."""
        if self._reply is None:
            raise RuntimeError("a new request has nothing to replay")
        if not self._same:
            raise KeyReused("Use a new key for a new request; repeat a request unchanged.")
        return self._reply
