"""Answers, and the refusals that the gateway itself makes, in API Gateway's shape: `{"message": …}`."""

import json
from dataclasses import dataclass, field
from email.utils import formatdate

Header = tuple[bytes, bytes]


@dataclass(slots=True)
class Answer:
    """A whole response; header names in small letters, duplicates kept in order."""

    status: int
    headers: list[Header]
    body: bytes = b""


@dataclass(eq=False)
class Refused(Exception):
    """The gateway answers by itself. `reason` goes to the access log alone."""

    status: int
    message: str
    reason: str = ""
    headers: list[Header] = field(default_factory=list)

    def answer(self) -> Answer:
        body = json.dumps({"message": self.message}, separators=(",", ":")).encode()
        return own_answer(self.status, b"application/json", body, self.headers)


def own_answer(status: int, content_type: bytes, body: bytes, headers: list[Header]) -> Answer:
    """An answer of the gateway's own making; answers of services carry their own date."""
    always = [
        (b"date", formatdate(usegmt=True).encode()),
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
    ]
    return Answer(status, always + headers, body)
