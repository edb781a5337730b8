"""What a person, or a workflow's log, sees of stacks that move: lines, as they come."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from skillsync.releases.planning import Planned
from skillsync.stacks import Environment, Event, Stack

_SIGNS = {"Add": "[green]+[/]", "Modify": "[yellow]~[/]", "Remove": "[red]-[/]"}
_REPLACED = {"True": " [red]replaced[/]", "Conditional": " [yellow]perhaps replaced[/]"}

# A service waits for thirty outputs before there is anything.
_NAMED = 3


class View:
    """Prints to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = 0.0
        self._has_moved = False

    def say(self, text: str) -> None:
        """One line; `text` may hold markup."""
        self._console.print(text, highlight=False, soft_wrap=True)

    def stack_begins(self, stack: Stack) -> None:
        """A stack's heading."""
        self._started, self._has_moved = time.monotonic(), False
        self.say(f"[bold]{stack.name}[/]")

    def event(self, event: Event) -> None:
        """A resource that has got somewhere, or has not; the stack's own steps show at its end."""
        self._has_moved = True
        if event.is_stack or event.status.endswith("_IN_PROGRESS"):
            return
        sign = "[red]✗[/]" if event.status.endswith("_FAILED") else "[green]✓[/]"
        status = event.status.replace("_", " ").lower()
        reason = f": {escape(' '.join(event.reason.split()))}" if event.status.endswith("_FAILED") else ""
        self.say(f"  {sign} {event.resource} [dim]{event.type}[/] {status}{reason}")

    def stack_ends(self, stack: Stack) -> None:
        """What became of it."""
        seconds = time.monotonic() - self._started
        self.say(f"  {stack.stack_name}: [dim]{f'done in {seconds:.1f} s' if self._has_moved else 'unchanged'}[/]")

    def where(self, what: str, env: Environment, account: str, release: str = "") -> None:
        """The first line: what happens to whom."""
        parts = (f"[bold]{what} {env.name}[/]", release and f"release {release}", f"account {account}", env.region)
        self.say(" · ".join(part for part in parts if part))

    def plan(self, planned: Sequence[Planned]) -> None:
        """What each stack would change, and how much that is."""
        for one in planned:
            self.say(f"[bold]{one.stack.name}[/] [dim]{_note(one)}[/]")
            for change in one.changes:
                sign = _SIGNS.get(change.action, change.action)
                replaced = _REPLACED.get(change.replacement, "")
                self.say(f"  {sign} {change.resource} [dim]{change.type}[/]{replaced}")
        actions = [change.action for one in planned for change in one.changes]
        counts = ", ".join(f"{actions.count(action)} to {action.lower()}" for action in _SIGNS)
        self.say(f"{counts}. Nothing was changed.")


def _note(one: Planned) -> str:
    waits_for = ", ".join(one.waits_for[:_NAMED])
    if len(one.waits_for) > _NAMED:
        waits_for += f" and {len(one.waits_for) - _NAMED} more"
    if one.waits_for and one.is_new:
        return f"new; read from its template, for it waits for {waits_for}"
    if one.waits_for:
        return f"cannot be planned yet: it waits for {waits_for}"
    if one.is_new:
        return "new"
    if not one.changes:
        return "unchanged"
    return "1 change" if len(one.changes) == 1 else f"{len(one.changes)} changes"
