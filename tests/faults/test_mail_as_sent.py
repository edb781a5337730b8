"""A mail as SES gets it: the bytes of the request that leaves the process, headers and parts.

The local SES keeps a mail's texts and no headers, so they are read off the link to it. `pytest -s` prints them;
docs/mails/headers.md shows such a mail.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from http.client import parse_headers
from io import BytesIO
from typing import Any

import httpx2

from skillsync_kit.ids import new_id

from .fleet import SENDER, Fleet, until

_REQUEST = re.compile(rb"POST /v2/email/outbound-emails HTTP/1\.1\r\n")
_LINK = re.compile(r"<https://skillsync\.example/v1/unsubscribe/([\w-]{43})>")


async def test_an_agreement_leaves_with_every_header_and_part(fleet: Fleet) -> None:
    ana, bo = new_id(), new_id()
    fleet.neighbours.reachable.add(ana)
    with fleet.links["broker"].listening() as heard:
        agree(fleet, ana, bo)
        assert await until(lambda: bool(sent(fleet, ana))), "the mail is not sent"
        (request,) = mails(heard())
    content = base64.b64decode(request["Content"]["Raw"]["Data"])
    mail = message_from_bytes(content, _class=EmailMessage, policy=default)
    print("\n".join(lines_of_headers(content)))  # noqa: T201 - with -s, for people
    (id,) = sent(fleet, ana)

    assert mail.defects == []
    assert (mail["From"], mail["To"]) == (f"SkillSync <{SENDER}>", f'"G. {ana[-4:]}" <{address(ana)}>')
    assert (request["FromEmailAddress"], request["Destination"]) == (SENDER, {"ToAddresses": [address(ana)]})
    assert mail["Subject"] == "Agreed: Gitarre für Anfänger"
    # Lines end in CR LF, and beyond ASCII there are encoded words alone.
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert (mail["Message-ID"], request["EmailTags"]) == (
        f"<{id}@{SENDER.partition('@')[2]}>",
        [{"Name": "mail_id", "Value": id}],
    )
    assert abs(parsedate_to_datetime(mail["Date"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "en")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = _LINK.fullmatch(mail["List-Unsubscribe"])
    assert link
    digest = hashlib.sha256(link[1].encode()).hexdigest()
    assert digests(fleet) == [(digest, ana, "exchanges")]
    assert len(mail.keys()) == len(set(mail.keys())), "a header that is there twice"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    *_, text, page, calendar = mail.walk()
    assert "Gitarre für Anfänger" in text.get_content()
    assert "Gitarre für Anfänger" in page.get_content()
    assert (calendar.get_filename(), calendar.get_param("method")) == ("exchange.ics", "PUBLISH")
    assert "BEGIN:VEVENT" in calendar.get_content()


def agree(fleet: Fleet, ana: str, bo: str) -> None:
    """Ana proposes an hour on a certain day, and Bo accepts."""
    day = (datetime.now(UTC) + timedelta(days=7)).replace(microsecond=0)
    leg = {"giver": "me", "receiver": bo, "skill": "guitar", "minutes": 60}
    draft = {"title": "Gitarre für Anfänger", "legs": {"a": leg}, "scheduled_for": day.isoformat()}
    id = post(fleet, ana, "", draft)["id"]
    post(fleet, ana, f"/{id}/propose", {})
    assert post(fleet, bo, f"/{id}/accept", {"terms_rev": 1})["state"] == "accepted"


def post(fleet: Fleet, by: str, path: str, body: Any) -> dict[str, Any]:
    """POST /v1/transactions…, as somebody."""
    headers = {"Authorization": f"Bearer {fleet.pool.token(by)}", "Idempotency-Key": new_id()}
    url = f"{fleet.apis[0].url}/v1/transactions{path}"
    answer = httpx2.post(url, json=body, headers=headers, timeout=20, trust_env=False)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def mails(heard: list[bytes]) -> Iterator[dict[str, Any]]:
    """The bodies of all requests to SES to send a mail (SendEmail of the API in version 2)."""
    for said in heard:
        for request in _REQUEST.finditer(said):
            stream = BytesIO(said[request.end() :])
            length = int(parse_headers(stream)["Content-Length"])
            yield json.loads(stream.read(length))


def lines_of_headers(content: bytes) -> list[str]:
    """The lines of the message's headers and of each part's, with the boundaries, as they are; without the texts."""
    lines, shown, is_header = content.decode().split("\r\n"), list[str](), True
    for line in lines:
        is_header = (is_header and line != "") or line.startswith("--==")
        shown += [line] if is_header else []
    return shown


def address(user: str) -> str:
    """The address that the users service tells of somebody."""
    return f"{user}@members.skillsync.example"


def sent(fleet: Fleet, user: str) -> list[str]:
    """The ids of the mails that were sent to somebody."""
    query = f"SELECT id FROM mails WHERE recipient = '{user}' AND status = 'sent'"  # noqa: S608 - an id
    return [id for (id,) in fleet.mariadb.mysql(query, "notifications")]


def digests(fleet: Fleet) -> list[tuple[str, ...]]:
    """The links that mails carry: of what is kept, whose they are and what they switch off."""
    return [
        tuple(row) for row in fleet.mariadb.mysql("SELECT digest, user, topic FROM unsubscribe_tokens", "notifications")
    ]
