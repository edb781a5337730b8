"""What the person at the terminal reads of a replay: how far it is, both digests, what differs, what to do next."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from skillsync.views.text import harmless

DIGEST_LENGTH = 16
STEP = 0.1


class Steps:
    """How far each producer is: a bar for each on a terminal, in a pipe a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, float] = {}

    def __enter__(self) -> "Steps":
        if self._console.is_terminal:
            columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn())
            self._bars = Progress(*columns, TextColumn("[dim]{task.fields[events]}[/]"), console=self._console)
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def show(self, line: Mapping[str, Any]) -> None:
        """One line of progress."""
        producer, share = str(line["producer"]), float(line["share"])
        events = f"{line['read']:,} events, {line['applied']:,} counted"
        if self._bars is not None:
            if producer not in self._tasks:
                self._tasks[producer] = self._bars.add_task(f"{producer:14}", total=1.0, events="")
            self._bars.update(self._tasks[producer], completed=share, events=events)
        elif share >= 1 or share >= self._told.get(producer, -STEP) + STEP:
            self._told[producer] = share
            self._console.print(f"  {producer:14} {share:4.0%}  {events}", highlight=False)

    def wait(self, line: Mapping[str, Any]) -> None:
        """A producer does not answer."""
        reason = harmless(str(line["reason"]))
        self._console.print(f"  [yellow]•[/] {reason} It is asked again.", highlight=False)


def show_opened(console: Console, line: Mapping[str, Any]) -> None:
    """What is being built, from what."""
    verb = "goes on with the replay begun at" if line["is_resumed"] else "is built anew, begun at"
    base = "from nothing" if line["base"] == "full" else "onto a copy of the live one"
    console.print(f"[bold]{line['consumer']}[/] {verb} {line['started_at']}, {base}.", highlight=False)


def show_compared(console: Console, line: Mapping[str, Any], again: str) -> None:
    """The digests, what differs, and what to do next; `again` is the command that was given, without its flags."""
    table = Table(box=None, padding=(0, 3, 0, 2))
    for column in ("table", "", "rows", "sha-256"):
        table.add_column(column, no_wrap=True)
    for model in line["models"]:
        same = model["live_digest"] == model["rebuilt_digest"]
        for side, style in (("live", "green" if same else "red"), ("rebuilt", "green")):
            digest = f"[{style}]{model[f'{side}_digest'][:DIGEST_LENGTH]}…[/]"
            table.add_row(model["table"] if side == "live" else "", side, f"{model[f'{side}_rows']:,}", digest)
    console.print(table)
    _show_differences(console, line)
    _show_events(console, line)
    if line["is_applied"]:
        console.print("[bold green]The rebuilt model is the live one now.[/]")
    elif line["is_equal"]:
        console.print("[bold green]Both are equal:[/] there is nothing to take over.")
    else:
        discard = f"skillsync replay {line['consumer']} --discard"
        next_steps = f"[bold]{again} --apply[/] lets the rebuilt one take over, [bold]{discard}[/] gives it up."
        console.print(f"[bold red]They differ.[/] {next_steps}", highlight=False, soft_wrap=True)


def _show_differences(console: Console, line: Mapping[str, Any]) -> None:
    for difference in line["differences"]:
        where = ", ".join(f"{name} {value}" for name, value in difference["key"].items())
        console.print(Text.assemble("  ", (difference["table"], "bold"), f" {harmless(where)}"))
        live, rebuilt = difference["live"], difference["rebuilt"]
        console.print(Text.assemble(("    live    ", "red"), harmless(_values(live, rebuilt, difference["key"]))))
        console.print(Text.assemble(("    rebuilt ", "green"), harmless(_values(rebuilt, live, difference["key"]))))
    differing = sum(model["differing"] for model in line["models"])
    if differing > len(line["differences"]):
        console.print(f"  and {differing - len(line['differences']):,} rows more", style="dim")


def _values(row: Mapping[str, Any] | None, other: Mapping[str, Any] | None, key: Mapping[str, Any]) -> str:
    """The values of a row that are not the same in the other one."""
    if row is None:
        return "no such row"
    told = {name: value for name, value in row.items() if name not in key and (other is None or other[name] != value)}
    return ", ".join(f"{name} {value}" for name, value in told.items()) or "a row"


def _show_events(console: Console, line: Mapping[str, Any]) -> None:
    if line["only_rebuilt"]:
        count = f"{line['only_rebuilt']:,}"
        console.print(
            f"  [yellow]•[/] {count} events are rebuilt and not live: on their way, or lost.", highlight=False
        )
    if line["only_live"]:
        count = f"{line['only_live']:,}"
        text = f"  [yellow]•[/] {count} events are live and no producer exports them: --apply gives their effect up."
        console.print(text, highlight=False)
