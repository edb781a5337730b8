"""`skillsync replay`: runs the jobs and shows what they say."""

import json
import sys
from datetime import datetime
from typing import Any

from rich.console import Console

from skillsync.errors import Problem
from skillsync.local.tables import make_console
from skillsync.paths import Paths
from skillsync.replay.job import Job
from skillsync.replay.words import Steps, show_compared, show_opened
from skillsync.views.session import require_running

CONSUMERS = ("analytics", "users")
PRODUCERS = ("users", "transactions", "notifications")
EQUAL, DIFFERENT = 0, 4


def read_moment(text: str, option: str) -> str:
    """A date or a moment as ISO 8601 with its offset; one without an offset is in this machine's time zone."""
    try:
        return datetime.fromisoformat(text).astimezone().isoformat() if text else ""
    except (ValueError, OverflowError):
        raise Problem(f"{option}: '{text}' is no moment: give 2030-01-31, or 2030-01-31T12:00:00Z.") from None


def replay(
    paths: Paths, consumer: str, *, since: str, until: str, apply: bool, afresh: bool, discard: bool, as_json: bool
) -> int:
    """Build a consumer's read model anew and compare; 0 when equal or taken over, 4 when different. Raises Problem."""
    if consumer not in CONSUMERS:
        known = ", ".join(CONSUMERS)
        raise Problem(f"'{consumer}' has no read model: name one of {known}; or send events again with --republish.")
    if discard and (apply or afresh or since or until):
        raise Problem("--discard ends the replay that is open, whatever it is: give it alone.")
    require_running(paths)
    window = _window(since, until)
    flags = [flag for flag, on in (("--apply", apply), ("--afresh", afresh), ("--discard", discard)) if on]
    command = " ".join(["skillsync replay", consumer, *window])
    console = make_console()
    try:
        return _run(Job(paths, consumer, ["replay", *window, *flags]), console, command, as_json)
    except KeyboardInterrupt:
        if not as_json:
            next_steps = f"[bold]{command}[/] goes on, [bold]skillsync replay {consumer} --discard[/] gives it up."
            console.print(f"\n[yellow]Stopped; what is done is kept.[/] {next_steps}", highlight=False, soft_wrap=True)
        raise


def republish(paths: Paths, *, since: str, until: str, as_json: bool) -> None:
    """Let every producer send a window of events once more. Raises Problem without a window."""
    if not since:
        raise Problem("--republish needs a window: say --from, and --to unless it reaches until now.")
    require_running(paths)
    console, counts = make_console(), dict[str, int]()
    jobs = {producer: Job(paths, producer, ["republish", *_window(since, until)]) for producer in PRODUCERS}
    for producer, job in jobs.items():
        for line in job.lines():
            if line.get("event") == "republished":
                counts[producer] = line["events"]
        job.end(EQUAL)
        if not as_json:
            console.print(f"  [green]✓[/] {producer:14} {counts[producer]:,} events to send again", highlight=False)
    if as_json:
        _write_json({"republished": counts})
    else:
        console.print("The relays send them now; consumers know what they have had already.")


def _run(job: Job, console: Console, command: str, as_json: bool) -> int:
    found: dict[str, Any] = {}
    with Steps(console) as steps:
        for line in job.lines():
            match line.get("event"):
                case "replay compared" | "replay discarded":
                    found = line
                case "replay opened" if not as_json:
                    show_opened(console, line)
                case "replay progress" if not as_json:
                    steps.show(line)
                case "replay waits" if not as_json:
                    steps.wait(line)
    status = job.end(EQUAL, DIFFERENT)
    if as_json:
        _write_json({name: value for name, value in found.items() if name not in ("level", "timestamp", "process")})
    elif found.get("event") == "replay discarded":
        console.print("The replay is ended." if found["was_open"] else "No replay was open.")
    else:
        show_compared(console, found, command)
    return status


def _window(since: str, until: str) -> list[str]:
    options = {"--from": read_moment(since, "--from"), "--to": read_moment(until, "--to")}
    return [part for name, moment in options.items() if moment for part in (name, moment)]


def _write_json(document: object) -> None:
    json.dump(document, sys.stdout, indent=2)
    sys.stdout.write("\n")
