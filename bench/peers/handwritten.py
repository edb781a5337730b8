"""The same handlers written by hand: FastAPI for requests, and below it nothing but asyncmy and texts of SQL.

python -m bench.peers.handwritten

No layers: each handler is its statements in order, rows are tuples, answers are dicts.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import time
from typing import Annotated, Any

import asyncmy
import httpx2
import jwt
from asyncmy.errors import IntegrityError, OperationalError
from fastapi import Depends, FastAPI, Query, Request, Response
from sqlalchemy.engine import make_url

from bench.peers import records, rules, statements
from bench.peers.records import Record
from bench.peers.rules import Movement, Refused
from bench.peers.shared import (
    PRIVATE,
    AgreedTerms,
    Key,
    Names,
    TransactionIn,
    fingerprint,
    make_app,
    new_flow,
    serve,
    settings,
)
from skillsync_kit.ids import new_id

_BEGIN_AGAIN = (1213, 1205, 1020)
_ATTEMPTS = 8
_REMEMBERED_TOKENS = 10_000
Cursor = Any
Flow = tuple[str, str]


class LostRace(Exception):
    """Another commit was first."""


# --- the app ---


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool and read the user pool's keys."""
    chosen = settings()
    url = make_url(chosen.database_url)
    async with httpx2.AsyncClient() as client:
        pool = await asyncmy.create_pool(
            host=url.host,
            port=url.port,
            user=url.username,
            password=url.password,
            db=url.database,
            charset="utf8mb4",
            minsize=chosen.database_pool_size,
            maxsize=chosen.database_pool_size,
            # A read is one statement and one round trip; a write begins its transaction itself.
            autocommit=True,
            init_command="SET SESSION innodb_lock_wait_timeout=5, time_zone='+00:00'",
        )
        found = jwt.PyJWKSet.from_dict((await client.get(chosen.jwks_url)).json())
        app.state.keys = {key.key_id: key for key in found.keys}
        app.state.settings, app.state.pool, app.state.tokens = chosen, pool, {}
        app.state.names = Names(client, chosen.users_url)
        yield
        pool.close()
        await pool.wait_closed()


app = make_app(lifespan)


async def caller(request: Request) -> str:
    """The id of the verified caller; a token that was verified is known again by its digest."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused(401, "unauthorized")
    tokens: dict[bytes, tuple[float, str]] = request.app.state.tokens
    digest = hashlib.sha256(token.encode()).digest()
    known = tokens.get(digest)
    if known and known[0] > time():
        return known[1]
    chosen = request.app.state.settings
    try:
        key = request.app.state.keys[jwt.get_unverified_header(token)["kid"]]
        required = {"require": ["exp", "iss", "sub", "token_use", "client_id"], "verify_aud": False}
        claims = jwt.decode(token, key, algorithms=["RS256"], issuer=chosen.token_issuer, options=required)  # type: ignore[arg-type]
    except (jwt.PyJWTError, KeyError) as invalid:
        raise Refused(401, "unauthorized") from invalid
    if claims["token_use"] != "access" or claims["client_id"] != chosen.web_client_id:  # noqa: S105 - no password
        raise Refused(401, "unauthorized")
    if len(tokens) >= _REMEMBERED_TOKENS:
        tokens.pop(next(iter(tokens)))
    tokens[digest] = (claims["exp"], claims["sub"])
    subject: str = claims["sub"]
    return subject


Caller = Annotated[str, Depends(caller)]


# --- the handlers ---


@app.post("/v1/transactions")
async def create(body: TransactionIn, by: Caller, key: Key, request: Request) -> Response:
    """Write a new draft."""
    now = datetime.now(UTC)
    legs = body.legs_of(by)
    people = rules.participants_of(legs, by)
    token = request.headers["authorization"].partition(" ")[2]
    names = await request.app.state.names.of({by, *people}, token)
    record = records.draft(new_id(), by, body.title, body.note, body.settlement, legs, names, now)

    async def work(cursor: Cursor) -> Response:
        if replay := await claim(cursor, by, key, fingerprint(request, body), now):
            return replay
        await require_active(cursor, people or [by])
        await cursor.execute(statements.INSERT_TRANSACTION, records.row(record))
        await cursor.execute(statements.INSERT_TEXTS, records.texts(record))
        await cursor.execute(statements.INSERT_PARTICIPANT, records.participant(record, by))
        await cursor.execute(statements.INSERT_HISTORY, records.history(record, by, "create", None, now))
        return await answer(cursor, by, key, record, now, 201)

    return await in_transaction(request, work)


@app.post("/v1/transactions/{id}/propose")
async def propose(id: str, by: Caller, key: Key, request: Request) -> Response:
    """Make a draft known."""
    now, flow = datetime.now(UTC), new_flow()

    async def work(cursor: Cursor) -> Response:
        replay = await claim(cursor, by, key, fingerprint(request, None), now)
        await lock(cursor, [by])
        await cursor.execute(statements.COUNT_OPEN, (by,))
        (open_proposals,) = await cursor.fetchone()
        record, _ = await find(cursor, id, by)
        if replay:
            return replay
        if record["state"] == "draft":
            await require_active(cursor, rules.participants_of(record["legs"], by))
        rules.require_state(record["state"], "draft", None, now)
        rules.require_complete(record["legs"], by)
        if open_proposals >= rules.MOST_OPEN_PROPOSALS:
            raise Refused(409, "too-many-open-proposals")
        events = records.propose(record, by, now, flow)
        await save(cursor, record)
        others = [person for person in rules.participants_of(record["legs"], by) if person != by]
        await cursor.executemany(
            statements.INSERT_PARTICIPANT, [records.participant(record, person) for person in others]
        )
        await cursor.execute(statements.INSERT_HISTORY, records.history(record, by, "propose", "draft", now))
        response = await answer(cursor, by, key, record, now)
        await cursor.executemany(statements.INSERT_EVENT, records.outbox(events, flow, now))
        return response

    return await in_transaction(request, work)


@app.post("/v1/transactions/{id}/accept")
async def accept(id: str, body: AgreedTerms, by: Caller, key: Key, request: Request) -> Response:
    """Say yes to the terms."""
    return await act(request, id, by, key, body, records.accept, "proposed", "accept")


@app.post("/v1/transactions/{id}/finalize")
async def finalize(id: str, body: AgreedTerms, by: Caller, key: Key, request: Request) -> Response:
    """Say that it took place."""
    return await act(request, id, by, key, body, records.finalize, "accepted", "finalize")


@app.get("/v1/transactions/{id}")
async def read(id: str, by: Caller, request: Request) -> Response:
    """One transaction."""
    async with request.app.state.pool.acquire() as connection, connection.cursor() as cursor:
        record, _ = await find(cursor, id, by)
    headers = {"ETag": f'"{record["version"]}"', **PRIVATE}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return json_response(json.dumps(records.represent(record, by)), 200, headers)


@app.get("/v1/transactions")
async def page(by: Caller, request: Request, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Response:
    """The first page of the caller's transactions, the newest first."""
    async with request.app.state.pool.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute(statements.PAGE, (by, limit + 1))
        rows = await cursor.fetchall()
    items = [records.represent(records.of_row(row), by) for row in rows[:limit]]
    next = urlsafe_b64encode(items[-1]["id"].encode()).decode() if len(rows) > limit else None
    headers = dict(PRIVATE)
    if next:
        headers["Link"] = f'</v1/transactions?limit={limit}&cursor={next}>; rel="next"'
    return json_response(json.dumps({"items": items, "next": next}), 200, headers)


# --- what they are made of ---

Verb = Callable[[Record, str, datetime, Flow], tuple[Sequence[rules.DomainEvent], Movement]]


async def act(
    request: Request, id: str, by: str, key: str, body: AgreedTerms, verb: Verb, state: str, action: str
) -> Response:
    """An action of a participant on the present terms."""
    now, flow = datetime.now(UTC), new_flow()

    async def work(cursor: Cursor) -> Response:
        replay = await claim(cursor, by, key, fingerprint(request, body), now)
        record, unavailable = await find(cursor, id, by)
        if replay:
            return replay
        if unavailable:
            raise Refused(422, "participant-unavailable")
        if record["state"] in ("proposed", "accepted"):
            rules.require_terms(body.terms_rev, record["terms_rev"])
        rules.require_state(record["state"], state, record["expires_at"], now)
        events, movement = verb(record, by, now, flow)
        await save(cursor, record)
        await cursor.execute(statements.INSERT_HISTORY, records.history(record, by, action, state, now))
        await move(cursor, movement, record["id"], now)
        response = await answer(cursor, by, key, record, now)
        await cursor.executemany(statements.INSERT_EVENT, records.outbox(events, flow, now))
        return response

    return await in_transaction(request, work)


async def in_transaction(request: Request, work: Callable[[Cursor], Awaitable[Response]]) -> Response:
    """Do the work in one transaction, and begin again when the database or a lost race asks for it."""
    for attempt in range(1, _ATTEMPTS + 1):
        async with request.app.state.pool.acquire() as connection:
            await connection.begin()
            try:
                async with connection.cursor() as cursor:
                    response = await work(cursor)
                await connection.commit()
                return response
            except (LostRace, OperationalError) as error:
                await connection.rollback()
                if (isinstance(error, OperationalError) and error.args[0] not in _BEGIN_AGAIN) or attempt == _ATTEMPTS:
                    raise
            except BaseException:
                await connection.rollback()
                raise
    raise RuntimeError("unreachable")


async def claim(cursor: Cursor, by: str, key: str, print_: str, now: datetime) -> Response | None:
    """Insert the idempotency record first; the answer to replay when there was one."""
    try:
        await cursor.execute(statements.CLAIM, (by, "POST", key, print_, now))
    except IntegrityError:
        await cursor.execute(statements.EARLIER, (by, "POST", key))
        earlier, status, headers, body = await cursor.fetchone()
        if earlier != print_:
            raise Refused(422, "idempotency-key-reused") from None
        return json_response(body, status, {**json.loads(headers), **PRIVATE, "Idempotent-Replayed": "true"})
    return None


async def answer(cursor: Cursor, by: str, key: str, record: Record, now: datetime, status: int = 200) -> Response:
    """Make the answer and keep it."""
    body = json.dumps(records.represent(record, by))
    headers = {"ETag": f'"{record["version"]}"'}
    if status == 201:
        headers["Location"] = f"/v1/transactions/{record['id']}"
    await cursor.execute(statements.KEEP_ANSWER, (status, json.dumps(headers), body, by, "POST", key))
    return json_response(body, status, {**headers, **PRIVATE})


async def find(cursor: Cursor, id: str, by: str) -> tuple[Record, str | None]:
    """The transaction, when the caller may see it, and who of it may not act."""
    await cursor.execute(statements.FIND, (by, id))
    row = await cursor.fetchone()
    if row is None:
        raise Refused(404, "not-found")
    return records.of_row(row), row[-1]


async def save(cursor: Cursor, record: Record) -> None:
    """Write a changed transaction over the version before it."""
    if await cursor.execute(statements.SAVE, records.saved(record)) != 1:
        raise LostRace
    await cursor.execute(statements.COPY_TO_PARTICIPANTS, (record["state"], record["updated_at"], record["id"]))


async def require_active(cursor: Cursor, people: Sequence[str]) -> None:
    """Check that none of these is suspended or erased."""
    await cursor.execute(statements.unavailable_among(len(people)), sorted(people))
    if await cursor.fetchall():
        raise Refused(422, "participant-unavailable")


async def lock(cursor: Cursor, owners: Sequence[str]) -> dict[str, list[Any]]:
    """The accounts of these people, locked; opened where there was none."""
    for _ in range(2):
        await cursor.execute(statements.lock_accounts(len(owners)), owners)
        accounts = {row[0]: list(row) for row in await cursor.fetchall()}
        missing = [owner for owner in owners if owner not in accounts]
        if not missing:
            break
        await cursor.executemany(statements.OPEN_ACCOUNT, [(owner,) for owner in missing])
    return accounts


async def move(cursor: Cursor, movement: Movement, id: str, now: datetime) -> None:
    """Move the hours through the accounts they concern."""
    if not movement.owners:
        return
    accounts = await lock(cursor, movement.owners)
    for owner, balance, held in records.moved(movement, accounts):
        accounts[owner][1:3] = balance, held
    await cursor.executemany(statements.SAVE_ACCOUNT, [(b, h, n, owner) for owner, b, h, _, n in accounts.values()])
    if movement.postings:
        await cursor.executemany(statements.INSERT_LEDGER_ENTRY, records.ledger_entries(movement, id, now))


def json_response(body: str, status: int, headers: Mapping[str, str]) -> Response:
    """A ready text as JSON."""
    return Response(body, status, dict(headers), "application/json")


if __name__ == "__main__":
    serve(app, settings().port)
