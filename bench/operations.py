"""The operations that are measured, as one exchange goes through them: what is asked, and what must be answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bench.people import Person

__all__ = ["EXPECTED_STATUS", "HOURS_GIVEN", "Exchange", "Operation", "body_of", "path_of", "person_of", "request_of"]

HOURS_GIVEN = 60
"""Minutes of each gift: what is held at the acceptance and posted at the end."""


class Operation(StrEnum):
    """What a client asks for, in the order in which one exchange needs it."""

    CREATE = "create"
    PROPOSE = "propose"
    ACCEPT = "accept"
    FINALIZE = "finalize"
    GET = "get"
    PAGE = "page"


EXPECTED_STATUS = {operation: 201 if operation is Operation.CREATE else 200 for operation in Operation}
READS = (Operation.GET, Operation.PAGE)


@dataclass(slots=True)
class Exchange:
    """A gift of an hour: `author` gives, `other` receives. `id` is known once it has been created."""

    author: Person
    other: Person
    id: str = ""


def person_of(operation: Operation, exchange: Exchange) -> Person:
    """Who asks: the author writes, proposes and reads; the receiver accepts and says that it took place."""
    return exchange.other if operation in (Operation.ACCEPT, Operation.FINALIZE) else exchange.author


def path_of(operation: Operation, exchange: Exchange) -> str:
    """The path and query of the operation."""
    if operation is Operation.CREATE:
        return "/v1/transactions"
    if operation is Operation.PAGE:
        return "/v1/transactions?limit=20"
    if operation is Operation.GET:
        return f"/v1/transactions/{exchange.id}"
    return f"/v1/transactions/{exchange.id}/{operation}"


def body_of(operation: Operation, exchange: Exchange) -> dict[str, object] | None:
    """The JSON body of the operation; None when it has none."""
    if operation is Operation.CREATE:
        leg = {"giver": "me", "receiver": exchange.other.id, "skill": "guitar", "minutes": HOURS_GIVEN}
        return {"title": "An hour of guitar", "settlement": "hours", "legs": {"a": leg}}
    return {"terms_rev": 1} if operation in (Operation.ACCEPT, Operation.FINALIZE) else None


def request_of(operation: Operation, exchange: Exchange, new_key: Callable[[], str]) -> bytes:
    """The whole request as HTTP/1.1 sends it, ready beforehand so that the load costs little while it runs."""
    method = "GET" if operation in READS else "POST"
    lines = [
        f"{method} {path_of(operation, exchange)} HTTP/1.1",
        "Host: transactions.example",
        f"Authorization: Bearer {person_of(operation, exchange).token}",
        "Accept: application/json",
    ]
    content = b""
    if method == "POST":
        body = body_of(operation, exchange)
        content = json.dumps(body).encode() if body is not None else b""
        lines += [f"Idempotency-Key: {new_key()}", f"Content-Length: {len(content)}"]
        lines += ["Content-Type: application/json"] if content else []
    return "\r\n".join([*lines, "", ""]).encode() + content
