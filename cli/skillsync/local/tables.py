"""The tables that `up` and `status` print."""

from rich.console import Console
from rich.table import Table

from skillsync.local.state import Status
from skillsync.supervision.specification import ProcessState

WIDTH = 120
COLOURS: dict[ProcessState, str] = {
    "ready": "green",
    "starting": "yellow",
    "restarting": "yellow",
    "draining": "yellow",
    "stopped": "dim",
    "failed": "red",
}


def make_console() -> Console:
    """For the terminal; into a file or a pipe with room for the tables."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def print_system(console: Console, status: Status, seconds: float) -> None:
    """What runs where, who can log in, what to do next."""
    console.print()
    console.print(process_table(status))
    console.print()
    console.print(people_table(status))
    console.print()
    console.print(
        f"[bold green]Ready in {seconds:.1f} s.[/] "
        f"Open [bold]{status['web']}[/] in a browser; API: [bold]{status['api']}[/]\n"
        "In another terminal: [bold]skillsync demo[/] plays an exchange, "
        "[bold]skillsync logs[/], [bold]mail[/] and [bold]status[/] show what happens. [bold]Ctrl-C[/] stops it all.\n",
        highlight=False,
    )


def process_table(status: Status) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("process", "kind", "address", "pid", "state", "restarts"):
        table.add_column(column, no_wrap=True)
    for process in status["processes"]:
        colour = COLOURS[process["state"]]
        table.add_row(
            process["name"],
            process["kind"],
            process["url"],
            str(process["pid"] or "-"),
            f"[{colour}]{process['state']}[/]",
            str(process["restarts"]),
        )
    return table


def people_table(status: Status) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column, width in (("demo log-in", 26), ("password", 20), ("group", 8), ("id", 8)):
        table.add_column(column, no_wrap=True, min_width=width)  # where room is short, the id gives way
    for person in status["people"]:
        table.add_row(person["email"], person["password"], ", ".join(person.get("groups", [])), person["id"])
    return table
