"""The tables of the operators' tools. Red: look now. Yellow: it will be red if nothing changes."""

import json
from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from skillsync.operations.dead_letters import DeadLetterQueue
from skillsync.operations.erasures import Erasures
from skillsync.operations.hold import Message
from skillsync.operations.letters import UNKNOWN, Letter, trace_id
from skillsync.operations.outbox import OutboxRow
from skillsync.operations.queues import QueueRow, is_old
from skillsync.views.text import harmless

NOTHING = "–"


def queue_table(rows: Sequence[QueueRow]) -> Table:
    table = _table("queue", "waiting", "in flight", "delayed", "oldest", "DLQ", "subscription DLQ")
    for row in rows:
        table.add_row(
            row["name"],
            str(row["waiting"]),
            str(row["in_flight"]),
            str(row["delayed"]),
            Text(duration(row["oldest_seconds"]), style="yellow" if is_old(row["oldest_seconds"]) else ""),
            _red_unless_none(row["dlq"]),
            _red_unless_none(row["subscription_dlq"]),
        )
    return table


def erasure_table(found: Erasures, now: datetime) -> Table:
    table = _table("person", "due", "has done its part", "missing")
    for erasure in found.items:
        table.add_row(
            cell(erasure.user_id),
            f"{erasure.erased_at.astimezone():%Y-%m-%d %H:%M}",
            cell(", ".join(erasure.acknowledged)),
            cell(", ".join(erasure.missing), "red" if erasure.is_overdue(now) else "yellow"),
        )
    for planned in found.planned:
        table.add_row(cell(planned.user_id), f"{planned.due_at.astimezone():%Y-%m-%d %H:%M}", NOTHING, NOTHING)
    return table


def letter_table(dlq: DeadLetterQueue, letters: Sequence[Letter]) -> Table:
    """One message a block of lines: the ids are long, and are what the next command needs."""
    table = _table(dlq.name, "sent", "receives", "event and reason")
    for letter in letters:
        about = Text(clean(letter["type"] or NOTHING))
        about.append(f"\nof {clean(letter['subject'] or NOTHING)}", style="dim")
        about.append(f"\nevent {clean(letter['event_id'] or NOTHING)}", style="dim")
        about.append(f"\ntrace {trace_id(letter['traceparent']) or NOTHING}", style="dim")
        about.append(f"\nreason: {clean(letter['reason'])}", style="dim" if letter["reason"] == UNKNOWN else "red")
        receives = letter["given_up_after"] or f"≤ {letter['receives']}"
        table.add_row(cell(letter["message_id"]), local_time(letter["sent_at"]), str(receives), about)
    return table


def letter_text(letter: Letter, message: Message) -> Text:
    """Everything of one message, its body last."""
    text = Text()
    for name, value in letter.items():
        text.append(f"{name:16}", style="dim")
        text.append(f"{NOTHING if value is None else clean(str(value))}\n")
    for name, attribute in sorted(message.get("MessageAttributes", {}).items()):
        text.append(f"{clean(name):16}", style="dim")
        text.append(f"{clean(attribute.get('StringValue', NOTHING))}\n")
    text.append(f"\n{harmless(indented(message['Body']))}")
    return text


def outbox_table(rows: Sequence[OutboxRow]) -> Table:
    table = _table("producer", "pending", "lag", "stuck", "")
    for row in rows:
        if row["problem"]:
            table.add_row(row["service"], NOTHING, NOTHING, NOTHING, cell(row["problem"], "red"))
        else:
            lag = duration(row["lag_seconds"])
            table.add_row(row["service"], str(row["pending"]), lag, _red_unless_none(len(row["stuck"])), "")
    return table


def stuck_table(rows: Sequence[OutboxRow]) -> Table:
    table = _table("producer", "subject", "oldest event", "pending", "attempts", "since", "last error")
    for row in rows:
        for stuck in row["stuck"]:
            table.add_row(
                row["service"],
                cell(stuck["subject"]),
                cell(stuck["type"]),
                str(stuck["pending"]),
                str(stuck["attempts"]),
                local_time(stuck["since"]),
                cell(stuck["last_error"] or NOTHING, "red"),
            )
    return table


def clean(text: str) -> str:
    """The text of others on one line, without control characters."""
    return " ".join(harmless(text).split())


def cell(text: str, style: str = "") -> Text:
    """The text of others in a table's cell, where a plain string would be read as markup."""
    return Text(clean(text), style=style)


def indented(body: str) -> str:
    """JSON with its lines indented; anything else as it is."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body


def duration(seconds: float | None) -> str:
    """Two units at most."""
    if seconds is None:
        return NOTHING
    whole = int(seconds)
    for size, unit, smaller in ((86400, "d", "h"), (3600, "h", "min"), (60, "min", "s")):
        if whole >= size:
            rest = whole % size // {"h": 3600, "min": 60, "s": 1}[smaller]
            return f"{whole // size} {unit} {rest} {smaller}"
    return f"{whole} s"


def local_time(moment: str) -> str:
    """Date and time where the reader is."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%m-%d %H:%M:%S}"
    except ValueError:
        return NOTHING


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in columns:
        # The first holds what the next command is told, to be copied whole.
        table.add_column(column, overflow="fold", no_wrap=column == columns[0])
    return table


def _red_unless_none(number: int) -> Text:
    return Text(str(number), style="bold red" if number else "")
