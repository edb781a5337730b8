"""`skillsync dlq`: the messages that were given up on, shown, moved back or deleted."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from skillsync.errors import Problem
from skillsync.local.tables import make_console
from skillsync.operations.aws import Messaging, aws_problems, queue_name
from skillsync.operations.dead_letters import (
    DeadLetterQueue,
    Progress,
    choose,
    chosen,
    dead_letter_queues,
    depth,
    each,
    send_back,
)
from skillsync.operations.hold import MOST_HELD, Hold, Message
from skillsync.operations.letters import Letter, read_letter
from skillsync.operations.move_task import move_all
from skillsync.operations.place import find_place
from skillsync.operations.reasons import notes
from skillsync.operations.services import Services
from skillsync.operations.tables import letter_table, letter_text
from skillsync.paths import Paths


class Desk:
    """What each of the commands works with."""

    def __init__(self, messaging: Messaging, sqs: Any, services: Services, *, as_json: bool) -> None:
        self.messaging = messaging
        self.sqs = sqs
        self._services = services
        self._as_json = as_json

    @classmethod
    def at(cls, paths: Paths, as_json: bool, env: str = "") -> "Desk":
        """That of the running system, or of a deployed environment. Raises Problem when there is none."""
        place = find_place(paths, env)
        return cls(place.messaging, place.client("sqs"), place.services, as_json=as_json)

    def look(self, names: Sequence[str], limit: int) -> bool:
        """Show at most `limit` messages of each DLQ, of all when none is named; True when all are empty."""
        dlqs = [choose(self.messaging, name) for name in names] or [*dead_letter_queues(self.messaging).values()]
        found = []
        for dlq in dlqs:
            with aws_problems(self.messaging["aws_endpoint"]), Hold(self.sqs, dlq.url) as hold:
                letters = self._letters(dlq, hold.take(limit)) if depth(self.sqs, dlq.url) else []
                more = max(0, depth(self.sqs, dlq.url) - len(letters))
            found.append({"name": dlq.name, "messages": letters, "more": more})
            if not self._as_json and letters:
                make_console().print(letter_table(dlq, letters))
            if not self._as_json and more:
                make_console().print(f"… and about {more} more in {queue_name(dlq.url)}: --limit shows more of them.\n")
        is_empty = not any(one["messages"] or one["more"] for one in found)
        if self._as_json:
            self._write({"queues": found})
        elif is_empty:
            which = queue_name(dlqs[0].url) if names else "Every DLQ"
            make_console().print(f"{which} is empty.", highlight=False)
        return is_empty

    def show(self, name: str, message_id: str) -> None:
        """Show one message whole, its body too."""
        dlq = choose(self.messaging, name)
        with aws_problems(self.messaging["aws_endpoint"]), Hold(self.sqs, dlq.url) as hold:
            message = chosen(hold, dlq, [message_id])[0]
        letter = self._letters(dlq, [message])[0]
        if self._as_json:
            self._write({**letter, "body": message["Body"]})
        else:
            make_console().print(letter_text(letter, message))

    def redrive(self, name: str, ids: Sequence[str], *, dry_run: bool) -> bool:
        """Move these messages, or all, back to their queue; False when some of all are left."""
        dlq = choose(self.messaging, name)
        moved: int | None = None

        def move(hold: Hold, message: Message) -> None:
            send_back(self.sqs, hold, dlq, message)

        if not ids and not dry_run and not dlq.is_of_subscription:
            with aws_problems(self.messaging["aws_endpoint"]), self._progress(f"{name}: moved back") as progress:
                moved = move_all(self.sqs, dlq, progress)
        if moved is not None:
            return self._report(dlq, ids, [], {"dry_run": False, "by": "move-task", "moved": moved}, dry_run=False)
        messages = self._act(dlq, ids, move, f"{name}: moved back", dry_run=dry_run)
        outcome = {"dry_run": dry_run, "by": "one-by-one", "moved": len(messages)}
        return self._report(dlq, ids, messages, outcome, dry_run=dry_run)

    def discard(self, name: str, ids: Sequence[str], *, dry_run: bool) -> bool:
        """Delete these messages, or all, for good; False when some of all are left."""
        dlq = choose(self.messaging, name)
        messages = self._act(dlq, ids, Hold.delete, f"{name}: discarded", dry_run=dry_run)
        return self._report(dlq, ids, messages, {"dry_run": dry_run, "discarded": len(messages)}, dry_run=dry_run)

    def _act(self, dlq: DeadLetterQueue, ids: Sequence[str], act: Any, what: str, *, dry_run: bool) -> list[Message]:
        """Act on the messages of these ids, or on all. A dry run takes them, gives them back, and does nothing."""
        with aws_problems(self.messaging["aws_endpoint"]), self._progress(what) as progress:
            if not ids and not dry_run:
                return each(self.sqs, dlq, act, progress)
            with Hold(self.sqs, dlq.url) as hold:
                messages = chosen(hold, dlq, ids) if ids else hold.take(MOST_HELD)
                if not dry_run:
                    for done, message in enumerate(messages, 1):
                        act(hold, message)
                        progress(done, len(messages))
            return messages

    def _report(
        self,
        dlq: DeadLetterQueue,
        ids: Sequence[str],
        messages: list[Message],
        outcome: dict[str, Any],
        *,
        dry_run: bool,
    ) -> bool:
        with aws_problems(self.messaging["aws_endpoint"]):
            left = depth(self.sqs, dlq.url)
        letters = self._letters(dlq, messages)
        if self._as_json:
            self._write({"name": dlq.name, **outcome, "messages": letters, "left": left})
        else:
            console = make_console()
            if letters:
                console.print(letter_table(dlq, letters))
            verb, number = next((key, outcome[key]) for key in ("moved", "discarded") if key in outcome)
            would = "would be " if dry_run else ""
            where = f" to {queue_name(dlq.target_url)}" if verb == "moved" else ""
            console.print(f"{number} {would}{verb}{where}; {left} in {queue_name(dlq.url)} now.", highlight=False)
        return bool(ids or dry_run or not left)

    def _letters(self, dlq: DeadLetterQueue, messages: Sequence[Message]) -> list[Letter]:
        if not messages:
            return []
        noted = notes(self._services, dlq.service, [message["MessageId"] for message in messages])
        return [read_letter(message, noted.get(message["MessageId"])) for message in messages]

    @contextmanager
    def _progress(self, what: str) -> Iterator[Progress]:
        """A bar on stderr, where there is a terminal to see it."""
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def _write(self, document: dict[str, Any]) -> None:
        json.dump(document, sys.stdout, indent=2)
        sys.stdout.write("\n")


def require_choice(ids: Sequence[str], *, all_of_them: bool, yes: bool, dry_run: bool) -> None:
    """To delete everything must be said, and meant. Raises Problem."""
    if bool(ids) == all_of_them:
        raise Problem("Say which: ids of messages (see `skillsync dlq list`), or --all --yes for every one of them.")
    if all_of_them and not yes and not dry_run:
        raise Problem("This deletes every message of the DLQ for good: look at it with --dry-run, then add --yes.")
