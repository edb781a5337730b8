"""`skillsync mail`: what the emulator's SES was asked to send."""

import json
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any, TypedDict

from skillsync.errors import Problem
from skillsync.paths import Paths
from skillsync.views.session import require_running
from skillsync.views.text import harmless

TIMEOUT_SECONDS = 10


class Mail(TypedDict):
    """One mail; `sent_at` in ISO 8601, UTC; lines of `text` end with a line feed alone."""

    id: str
    sent_at: str
    sender: str
    recipients: list[str]
    subject: str
    text: str


def read_mails(aws_endpoint: str) -> list[Mail]:
    """All mails since the emulator started, oldest first. Raises Problem where there is no such mailbox."""
    url = f"{aws_endpoint}/_ministack/ses/messages"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_SECONDS) as answer:
            found = json.load(answer)["messages"]
    except (urllib.error.URLError, OSError, ValueError, KeyError) as error:
        raise Problem(f"There is no mailbox to read at {aws_endpoint} ({error}): only the emulator has one.") from None
    mails = sorted((mail for account in found.values() for mail in account), key=lambda mail: float(mail["Timestamp"]))
    return [as_mail(mail) for mail in mails]


def as_mail(found: dict[str, Any]) -> Mail:
    return Mail(
        id=found["MessageId"],
        sent_at=datetime.fromtimestamp(found["Timestamp"], UTC).isoformat(timespec="milliseconds"),
        sender=found["Source"],
        recipients=[*found["To"], *found["CC"], *found["BCC"]],
        subject=found["Subject"],
        text=(found["BodyText"] or "").replace("\r\n", "\n"),
    )


def show_mails(paths: Paths, as_json: bool) -> None:
    """Print them, newest last. Raises Problem when nothing runs."""
    mails = read_mails(require_running(paths)["aws_endpoint"])
    if as_json:
        json.dump(mails, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    from rich.text import Text  # noqa: PLC0415

    from skillsync.local.tables import make_console  # noqa: PLC0415

    console = make_console()
    for mail in mails:
        moment = datetime.fromisoformat(mail["sent_at"]).astimezone()
        console.rule(f"{moment:%H:%M:%S}", align="left", style="dim")
        for name, value in (("to", ", ".join(mail["recipients"])), ("from", mail["sender"])):
            console.print(Text.assemble((f"{name:8}", "dim"), harmless(value)))
        console.print(Text.assemble(("subject ", "dim"), (harmless(mail["subject"]), "bold")))
        console.print(Text(f"\n{harmless(mail['text']).strip()}\n"))
    console.print(f"{len(mails)} mails", style="dim")
