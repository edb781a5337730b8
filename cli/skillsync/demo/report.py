"""What `skillsync demo` prints: steps, events and mails, each with its milliseconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from skillsync.views.text import harmless


@dataclass
class Step:
    """`answered_at` is when the step's answer was there, in seconds since the epoch; 0 before that."""

    answered_at: float = 0.0


class Report:
    """Prints to the console as things happen."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self.steps = 0

    def heading(self, text: str) -> None:
        self._console.print(Text(f"\n{text}", style="bold"))

    @contextmanager
    def step(self, who: str, what: str) -> Iterator[Step]:
        """One thing somebody does. Nothing is printed when it raises: the error names it."""
        step, started = Step(), time.monotonic()
        yield step
        step.answered_at = step.answered_at or time.time()
        self.steps += 1
        self._line("✓", (time.monotonic() - started) * 1000, f"{who} {what}", "green")

    def event(self, milliseconds: float, text: str) -> None:
        self._line("  event", milliseconds, text, "cyan")

    def mail(self, milliseconds: float, text: str) -> None:
        self._line("  mail ", milliseconds, text, "magenta")

    def note(self, text: str) -> None:
        self._console.print(Text(f"{'':11}{harmless(text)}", style="dim"))

    def end(self, mails: int, events: int) -> None:
        seconds = time.monotonic() - self._started
        text = f"\nAll as it should be: {self.steps} steps, {events} events, {mails} mails, {seconds:.1f} s."
        self._console.print(Text(text, style="bold green"))

    def _line(self, mark: str, milliseconds: float, text: str, colour: str) -> None:
        line = Text.assemble((f"{milliseconds:7.0f} ms ", "dim"), (f"{mark} ", colour), harmless(text))
        self._console.print(line, highlight=False, soft_wrap=True)
