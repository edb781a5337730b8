"""What `skillsync seed` shows while it plays, and at the end."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypedDict

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from skillsync.local.people import DEMO_PASSWORD
from skillsync.seed.api import Pace
from skillsync.seed.plan import MINUTES_A_DAY, Plan, State
from skillsync.seed.tally import Tally

# Where nobody watches, a line for each so many weeks.
WEEKS_A_LINE = 4


class Login(TypedDict):
    """Somebody whom a reader can be."""

    role: str
    email: str
    password: str


class Totals(TypedDict):
    """What `--json` prints."""

    seed: int
    weeks: int
    first_day: str
    last_day: str
    people: int
    offerings: int
    exchanges: dict[str, int]
    hours: float
    refusals: dict[str, int]
    messages_under_way: int
    requests: int
    requests_per_second: float
    seconds: float
    logins: list[Login]


class Watching:
    """Shows how far the play is: a bar on a terminal, else a line now and then."""

    def __init__(self, console: Console, plan: Plan, start: datetime) -> None:
        self._console = console
        self._plan = plan
        self._start = start
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._lines = 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """The bar is there inside."""
        if not self._console.is_terminal:
            yield
            return
        columns = (
            TextColumn("{task.fields[date]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("[dim]left[/]"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as self._bar:
            days = self._plan.end / MINUTES_A_DAY
            self._task = self._bar.add_task("", total=days, date=f"{self._start:%Y-%m-%d}", figures="")
            yield

    def tell(self, date: datetime, tally: Tally, pace: Pace) -> None:
        """The play has come to this date."""
        days, text = (date - self._start).total_seconds() / 86400, figures(tally, pace)
        if self._bar is not None:
            self._bar.update(self._task, completed=days, date=f"{date:%Y-%m-%d}", figures=text)
        elif days >= self._lines * WEEKS_A_LINE * 7:
            self._lines += 1
            self._console.print(f"{date:%Y-%m-%d}  {text}", highlight=False, soft_wrap=True)


def figures(tally: Tally, pace: Pace) -> str:
    """One line."""
    states = ", ".join(f"{count} {state}" for state, count in sorted(tally.exchanges.items()) if count)
    return f"{tally.people} people; {states or 'no exchange yet'}; {pace.per_second:.0f} requests/s"


def totals(plan: Plan, start: datetime, tally: Tally, pace: Pace, *, requests: int, left: int) -> Totals:
    """The whole of it in figures."""
    return Totals(
        seed=plan.seed,
        weeks=plan.weeks,
        first_day=f"{start:%Y-%m-%d}",
        last_day=f"{datetime.fromtimestamp(start.timestamp() + plan.end * 60 - 1, start.tzinfo):%Y-%m-%d}",
        people=tally.people,
        offerings=tally.offerings,
        exchanges={state.value: tally.exchanges[state] for state in State},
        hours=round(tally.minutes / 60, 2),
        refusals=dict(sorted(tally.refusals.items())),
        messages_under_way=left,
        requests=requests,
        requests_per_second=round(pace.per_second, 1),
        seconds=round(pace.seconds, 1),
        logins=[
            Login(role=role, email=person.email, password=DEMO_PASSWORD)
            for role, person in zip(("member", "coordinator"), plan.people, strict=False)
        ],
    )


def show(console: Console, result: Totals) -> None:
    """As tables."""
    table = Table(title="The community", show_header=False, title_justify="left")
    for name, value in _rows(result):
        table.add_row(name, value)
    console.print(table)
    logins = Table("log in as", "e-mail", "password", title="Of the local user pool alone", title_justify="left")
    for login in result["logins"]:
        logins.add_row(login["role"], login["email"], login["password"])
    console.print(logins)
    if result["messages_under_way"]:
        console.print(
            f"{result['messages_under_way']} messages are still under way, mostly of mails: `skillsync queues`.",
            highlight=False,
        )


def write_json(result: Totals) -> None:
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")


def _rows(result: Totals) -> list[tuple[str, Any]]:
    exchanges = sum(result["exchanges"].values())
    refusals = ", ".join(f"{count} × {code}" for code, count in result["refusals"].items())
    return [
        ("from, to", f"{result['first_day']} to {result['last_day']} ({result['weeks']} weeks, seed {result['seed']})"),
        ("people", str(result["people"])),
        ("offerings", str(result["offerings"])),
        ("exchanges", str(exchanges)),
        *((f"  {state}", str(count)) for state, count in result["exchanges"].items()),
        ("hours counted", f"{result['hours']:g}"),
        ("refusals", refusals or "none"),
        ("requests", f"{result['requests']} ({result['requests_per_second']:g} a second)"),
        ("took", f"{result['seconds']:.0f} s"),
    ]
