"""The floor: the very statements by asyncmy, without HTTP, validation, tokens or rules.

No service can cost less on this driver. Values are made ready before the clock starts; rows are fetched and dropped.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter, process_time
from typing import Any

import asyncmy
from asyncmy.errors import OperationalError
from sqlalchemy.engine import make_url

from bench.client import LoadError, Outcome
from bench.operations import HOURS_GIVEN, READS, Operation
from bench.peers import records, statements
from bench.peers.records import Record
from bench.peers.rules import Movement
from bench.people import NAMES
from skillsync_kit.ids import new_id

__all__ = ["FloorJob", "run"]

_FLOW = (new_id(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
_FINGERPRINT = "0" * 64
_BEGIN_AGAIN = (1213, 1205, 1020)
_ATTEMPTS = 8

Statement = tuple[str, Any]
"""A text and its values; a list of values is one statement for many rows."""


@dataclass(frozen=True, slots=True)
class FloorJob:
    """An operation to do for exchanges of (id, author, other), over so many connections."""

    database_url: str
    operation: Operation
    exchanges: Sequence[tuple[str, str, str]]
    connections: int


# What became of each exchange: the floor decides nothing, so it reads nothing back.
_known: dict[str, Record] = {}


async def run(job: FloorJob) -> Outcome:
    """Do the operation once for each exchange; `bodies` are the ids. Raises LoadError when a statement fails."""
    prepared = [_PREPARE[job.operation](*exchange) for exchange in job.exchanges]
    ids = [id for id, _ in prepared]
    is_read = job.operation in READS
    connections = [
        await _connect(job.database_url, autocommit=is_read) for _ in range(min(job.connections, len(prepared)))
    ]
    waiting = iter(range(len(prepared)))
    latencies = [0.0] * len(prepared)

    async def loop(connection: Any) -> None:
        for index in waiting:
            begun = perf_counter()
            await _execute(connection, prepared[index][1], commits=not is_read)
            latencies[index] = perf_counter() - begun

    cpu, start = process_time(), perf_counter()
    try:
        await asyncio.gather(*(loop(connection) for connection in connections))
    except Exception as error:
        raise LoadError(f"{job.operation}: {type(error).__name__}: {error}") from error
    finally:
        seconds, cpu_seconds = perf_counter() - start, process_time() - cpu
        for connection in connections:
            connection.close()
    return Outcome(seconds, latencies, cpu_seconds, [id.encode() for id in ids])


async def _connect(database_url: str, *, autocommit: bool) -> Any:
    url = make_url(database_url)
    return await asyncmy.connect(
        host=url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        db=url.database,
        charset="utf8mb4",
        autocommit=autocommit,
        init_command="SET SESSION innodb_lock_wait_timeout=5, time_zone='+00:00'",
    )


async def _execute(connection: Any, prepared: Sequence[Statement], *, commits: bool) -> None:
    """Execute and commit; begin again after a deadlock, as everyone has to."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await _execute_once(connection, prepared, commits=commits)
        except OperationalError as error:
            if error.args[0] not in _BEGIN_AGAIN or attempt == _ATTEMPTS:
                raise
            await connection.rollback()
    return None


async def _execute_once(connection: Any, prepared: Sequence[Statement], *, commits: bool) -> None:
    async with connection.cursor() as cursor:
        for text, values in prepared:
            if isinstance(values, list):
                await cursor.executemany(text, values)
            else:
                await cursor.execute(text, values)
                if text.startswith("SELECT"):
                    await cursor.fetchall()
    if commits:
        await connection.commit()


# --- each operation's statements, in the service's order; each gives the exchange's id with them ---


def _create(_: str, author: str, other: str) -> tuple[str, list[Statement]]:
    now = datetime.now(UTC)
    leg = {"giver": author, "receiver": other, "skill": "guitar", "minutes": HOURS_GIVEN}
    names = {author: NAMES, other: NAMES}
    record = records.draft(new_id(), author, "An hour of guitar", "", "hours", {"a": leg}, names, now)
    _known[record["id"]] = record
    between = [
        (statements.unavailable_among(2), sorted((author, other))),
        (statements.INSERT_TRANSACTION, records.row(record)),
        (statements.INSERT_TEXTS, records.texts(record)),
        (statements.INSERT_PARTICIPANT, records.participant(record, author)),
        (statements.INSERT_HISTORY, records.history(record, author, "create", None, now)),
    ]
    return record["id"], list(_once(author, record, now, [(t, tuple(v)) for t, v in between], 201))


def _propose(id: str, author: str, other: str) -> tuple[str, list[Statement]]:
    now, record = datetime.now(UTC), _known[id]
    events = records.propose(record, author, now, _FLOW)
    between: list[Statement] = [
        (statements.lock_accounts(1), (author,)),
        (statements.COUNT_OPEN, (author,)),
        (statements.FIND, (author, id)),
        (statements.unavailable_among(2), tuple(sorted((author, other)))),
        *_saved(record),
        (statements.INSERT_PARTICIPANT, records.participant(record, other)),
        (statements.INSERT_HISTORY, records.history(record, author, "propose", "draft", now)),
    ]
    return id, [*_once(author, record, now, between), (statements.INSERT_EVENT, records.outbox(events, _FLOW, now))]


def _accept(id: str, _: str, other: str) -> tuple[str, list[Statement]]:
    return id, _act(id, other, "accept", "proposed")


def _finalize(id: str, _: str, other: str) -> tuple[str, list[Statement]]:
    return id, _act(id, other, "finalize", "accepted")


def _act(id: str, by: str, action: str, state: str) -> list[Statement]:
    now, record = datetime.now(UTC), _known[id]
    verb = records.accept if action == "accept" else records.finalize
    events, movement = verb(record, by, now, _FLOW)
    between = [
        (statements.FIND, (by, id)),
        *_saved(record),
        (statements.INSERT_HISTORY, records.history(record, by, action, state, now)),
        *_moved(movement, id, now),
    ]
    return [*_once(by, record, now, between), (statements.INSERT_EVENT, records.outbox(events, _FLOW, now))]


def _get(id: str, author: str, _: str) -> tuple[str, list[Statement]]:
    return id, [(statements.FIND, (author, id))]


def _page(id: str, author: str, _: str) -> tuple[str, list[Statement]]:
    return id, [(statements.PAGE, (author, 21))]


_PREPARE: dict[Operation, Callable[[str, str, str], tuple[str, list[Statement]]]] = {
    Operation.CREATE: _create,
    Operation.PROPOSE: _propose,
    Operation.ACCEPT: _accept,
    Operation.FINALIZE: _finalize,
    Operation.GET: _get,
    Operation.PAGE: _page,
}


def _once(
    by: str, record: Record, now: datetime, between: Sequence[Statement], status: int = 200
) -> Iterator[Statement]:
    """The idempotency record around what is done under it."""
    key = new_id()
    body = json.dumps(records.represent(record, by))
    headers = {"ETag": f'"{record["version"]}"'}
    if status == 201:
        headers["Location"] = f"/v1/transactions/{record['id']}"
    yield statements.CLAIM, (by, "POST", key, _FINGERPRINT, now)
    yield from between
    yield statements.KEEP_ANSWER, (status, json.dumps(headers), body, by, "POST", key)


def _saved(record: Record) -> list[Statement]:
    return [
        (statements.SAVE, records.saved(record)),
        (statements.COPY_TO_PARTICIPANTS, (record["state"], record["updated_at"], record["id"])),
    ]


def _moved(movement: Movement, id: str, now: datetime) -> list[Statement]:
    """The hours, as changes of whatever the accounts hold: nothing was read to compute from."""
    owners = movement.owners
    changes = [
        (
            "UPDATE accounts SET balance = balance + %s, held = held + %s, event_sequence = event_sequence"
            " WHERE owner = %s",
            (
                sum(p[4] for p in movement.postings if p[1] == owner),
                movement.held.get(owner, 0) - movement.released.get(owner, 0),
                owner,
            ),
        )
        for owner in owners
    ]
    entries = records.ledger_entries(movement, id, now)
    posted = [(statements.INSERT_LEDGER_ENTRY, entries)] if entries else []
    return [(statements.lock_accounts(len(owners)), tuple(owners)), *changes, *posted]
