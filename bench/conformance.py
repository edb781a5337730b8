"""Before anything is measured: do all implementations do the same?

One exchange is played on each, with repetitions and refusals in between. Answers, rows and statements must be those of
the service, ids and moments aside; so no peer is fast because it leaves work out.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from bench.load import Floor
from bench.operations import READS, Exchange, Operation, body_of, path_of, person_of
from bench.people import Person
from skillsync_kit.ids import new_id
from skillsync_testing.mariadb import MariaDB
from skillsync_transactions import tables

__all__ = ["Difference", "Journey", "StatementLog", "compare", "play", "play_floor"]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-9a-f]")
_HEADERS = ("etag", "location", "cache-control", "content-type", "idempotent-replayed")
_TABLES = {
    "transactions": tables.transactions.c.id,
    "transaction_texts": tables.texts.c.transaction_id,
    "transaction_participants": tables.participants.c.transaction_id,
    "transaction_history": tables.history.c.transaction_id,
    "ledger_entries": tables.entries.c.transaction_id,
    "outbox": tables.outbox.c.subject,
}


class Difference(Exception):
    """An implementation does something else than the service."""


@dataclass(frozen=True)
class Journey:
    """What one implementation did: its answers, the rows it left, and the statements of each operation."""

    answers: Sequence[Any]
    rows: Mapping[str, Sequence[Any]]
    statements: Mapping[Operation, Sequence[str]]


def play(port: int, exchange: Exchange, strangers: Person, server: MariaDB, database: str) -> Journey:
    """Play the exchange over HTTP."""
    log = StatementLog(server)
    answers: list[Any] = []
    statements: dict[Operation, list[str]] = {}
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        for operation in Operation:
            with log:
                key = new_id()
                answer = _send(client, operation, exchange, key)
            statements[operation] = log.statements
            if operation is Operation.CREATE and answer.status_code == 201:
                exchange.id = answer.json()["id"]
            answers.append(("first", operation.value, *_shown(answer)))
            answers += _afterwards(client, operation, exchange, strangers, key)
    shown = _Names(exchange)
    return Journey([shown.of(answer) for answer in answers], _rows(server.url(database), exchange, shown), statements)


def play_floor(floor: Floor, exchange: Exchange, server: MariaDB, database: str) -> Journey:
    """Let the floor go the same way; it gives no answers."""
    log = StatementLog(server)
    statements: dict[Operation, list[str]] = {}
    for operation in Operation:
        with log:
            floor.run(operation, [exchange])
        statements[operation] = log.statements
    return Journey([], _rows(server.url(database), exchange, _Names(exchange)), statements)


def compare(service: Journey, other: Journey, name: str, *, in_order: bool) -> None:
    """Raise Difference, which tells of the first one, when the other did not do what the service did."""
    if other.answers:
        for ours, theirs in zip(service.answers, other.answers, strict=True):
            _require_equal(f"{name} answers {ours[0]} {ours[1]}", ours, theirs)
    for table, rows in service.rows.items():
        _require_equal(f"rows of {name} in {table}", rows, other.rows[table])
    for operation, statements in service.statements.items():
        ours, theirs = _work(statements), _work(other.statements[operation])
        same = ours == theirs if in_order else Counter(ours) == Counter(theirs)
        if not same:
            raise Difference(f"statements of {name}'s {operation}:\n  service: {ours}\n  {name}: {theirs}")


class StatementLog:
    """The shapes of the statements that the server got while this was entered."""

    def __init__(self, server: MariaDB) -> None:
        self._server = server
        self.statements: list[str] = []
        server.mysql("SET GLOBAL log_output = 'TABLE'")

    def __enter__(self) -> "StatementLog":
        self._server.mysql("SET GLOBAL general_log = 0; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.mysql("SET GLOBAL general_log = 0")
        query = "SELECT replace(argument, '\\n', ' ') FROM mysql.general_log WHERE command_type = 'Query'"
        shapes = (_shape(row[0]) for row in self._server.mysql(query))
        self.statements = [shape for shape in shapes if shape is not None]


def _shape(statement: str) -> str | None:
    """The verb and the table of a statement, or the word of one that only ends a transaction; None for our own."""
    words = statement.replace("`", "").split()
    verb = words[0].upper()
    if "general_log" in statement or verb in ("SET", "START", "BEGIN"):
        return None
    if verb in ("COMMIT", "ROLLBACK"):
        return verb
    after = {"SELECT": "FROM", "INSERT": "INTO", "UPDATE": "UPDATE", "DELETE": "FROM"}[verb]
    upper = [word.upper() for word in words]
    # A subquery's FROM comes before the statement's own: what is read is the table after the last but parenthesised.
    place = _place_of_from(words) if verb == "SELECT" else upper.index(after)
    if place is None:
        # What a new connection asks of the server itself.
        return None
    locks = " (locks)" if "FOR UPDATE" in statement.upper() else ""
    return f"{verb} {words[place + 1].strip('(),')}{locks}"


def _place_of_from(words: Sequence[str]) -> int | None:
    depth = 0
    for place, word in enumerate(words):
        if word.upper() == "FROM" and depth == 0:
            return place
        depth += word.count("(") - word.count(")")
    return None


def _work(statements: Sequence[str]) -> list[str]:
    """The statements that read or write; how a transaction is ended is each implementation's own affair."""
    return [statement for statement in statements if statement not in ("COMMIT", "ROLLBACK")]


def _send(
    client: httpx2.Client,
    operation: Operation,
    exchange: Exchange,
    key: str,
    *,
    by: Person | None = None,
    body: Any = None,
    token: str | None = None,
) -> httpx2.Response:
    person = by or person_of(operation, exchange)
    headers = {"Authorization": f"Bearer {token if token is not None else person.token}"}
    path = path_of(operation, exchange)
    if operation in READS:
        return client.get(path, headers=headers)
    return client.post(path, headers={**headers, "Idempotency-Key": key}, json=body or body_of(operation, exchange))


def _afterwards(
    client: httpx2.Client, operation: Operation, exchange: Exchange, stranger: Person, key: str
) -> Iterator[Any]:
    """The same again, and what must be refused: each with its answer, of refusals the status and code alone."""

    def refused(name: str, answer: httpx2.Response) -> Any:
        return (name, operation.value, answer.status_code, answer.json().get("code"))

    forged = "e30.e30.e30"
    yield refused("forged token", _send(client, operation, exchange, new_id(), token=forged))
    if operation not in READS:
        yield ("repeated", operation.value, *_shown(_send(client, operation, exchange, key)))
    if operation in (Operation.CREATE, Operation.PAGE):
        return
    yield refused("stranger", _send(client, operation, exchange, new_id(), by=stranger))
    if operation in READS:
        return
    if operation is not Operation.PROPOSE:
        yield refused("other terms", _send(client, operation, exchange, new_id(), body={"terms_rev": 7}))
        yield refused("key reused", _send(client, operation, exchange, key, body={"terms_rev": 8}))
    last = Operation.FINALIZE if operation is Operation.PROPOSE else Operation.PROPOSE
    person = person_of(operation, exchange)
    yield refused("wrong state", _send(client, last, exchange, new_id(), by=person, body=body_of(last, exchange)))


def _shown(answer: httpx2.Response) -> tuple[int, dict[str, str], Any]:
    headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
    body = answer.json()
    if "items" in body:
        # What else is in the page was there before; the cursor is each implementation's own.
        body = {"items": body["items"][:1], "count": len(body["items"]), "next": body["next"] is not None}
    return answer.status_code, headers, body


def _rows(url: str, exchange: Exchange, shown: "_Names") -> dict[str, list[Any]]:
    """What the exchange left in each table."""
    return asyncio.run(_read_rows(url, exchange, shown))


async def _read_rows(url: str, exchange: Exchange, shown: "_Names") -> dict[str, list[Any]]:
    people = [exchange.author.id, exchange.other.id]
    queries = {
        name: select(tables.metadata.tables[name]).where(column == exchange.id).order_by(*_order(name))
        for name, column in _TABLES.items()
    }
    accounts, records = tables.accounts, tables.idempotency_records
    queries["accounts"] = select(accounts).where(accounts.c.owner.in_(people)).order_by(accounts.c.owner)
    queries["idempotency_records"] = (
        select(records).where(records.c.principal.in_(people)).order_by(records.c.created_at)
    )
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            found = {name: (await connection.execute(query)).mappings().all() for name, query in queries.items()}
    finally:
        await engine.dispose()
    return {name: [shown.of(_read_out(dict(row))) for row in rows] for name, rows in found.items()}


def _order(name: str) -> Sequence[Any]:
    table = tables.metadata.tables[name]
    by = {"transaction_history": ("number",), "ledger_entries": ("leg", "minutes"), "outbox": ("sequence",)}
    return [table.c[column] for column in by.get(name, [column.name for column in table.primary_key])]


def _read_out(row: dict[str, Any]) -> dict[str, Any]:
    """The row, with the JSON that is kept as text read; a fingerprint is each implementation's own."""
    for name in ("payload", "body", "headers"):
        if row.get(name):
            row[name] = json.loads(row[name])
    row.pop("fingerprint", None)
    return row


class _Names:
    """Puts names in place of ids, and days in place of moments, so that two runs of one journey are equal."""

    def __init__(self, exchange: Exchange) -> None:
        self._known = {exchange.author.id: "author", exchange.other.id: "other", exchange.id: "exchange"}
        self._start = datetime.now(UTC)

    def of(self, value: Any) -> Any:
        """The value, whatever it is made of."""
        if isinstance(value, dict):
            return {self.of(key): self.of(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(item) for item in value]
        if isinstance(value, datetime):
            return self._day(value)
        if isinstance(value, str):
            text = _UUID.sub(lambda found: f"<{self._known.get(found[0], 'id')}>", value)
            text = _TRACE.sub("<trace>", text)
            return _MOMENT.sub(lambda found: self._day(datetime.fromisoformat(found[0])), text)
        return value

    def _day(self, moment: datetime) -> str:
        return f"<day {round((moment - self._start).total_seconds() / 86400)}>"


def _require_equal(what: str, ours: Any, theirs: Any, path: str = "") -> None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in ours.keys() | theirs.keys():
            _require_equal(what, ours.get(key, "absent"), theirs.get(key, "absent"), f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            _require_equal(what, one, other, f"{path}/{place}")
    elif ours != theirs:
        raise Difference(f"{what}: {path or '/'} is {theirs!r}, with the service {ours!r}")
