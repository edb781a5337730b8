"""The table that `skillsync releases` prints."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from skillsync.releases.history import Attempt

_COLOURS = {"succeeded": "green", "failed": "red", "started": "yellow"}


def release_table(attempts: Sequence[Attempt], now: Attempt | None) -> Table:
    """One line for each attempt; `now` is the one whose release runs."""
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("began", "seconds", "what", "release", "outcome", "note"):
        table.add_column(column, no_wrap=column != "note")
    for one in attempts:
        seconds = f"{(one.ended_at - one.began_at).total_seconds():.0f}" if one.ended_at and one.began_at else "-"
        began = f"{one.began_at.astimezone():%Y-%m-%d %H:%M:%S}" if one.began_at else "-"
        outcome = "runs" if one is now else one.outcome
        colour = _COLOURS[one.outcome]
        table.add_row(began, seconds, one.action, escape(one.release), f"[{colour}]{outcome}[/]", escape(one.note))
    return table
