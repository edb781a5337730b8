"""What the person at the terminal sees of `up`: each step with its seconds, then what happens to the processes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status as Spinner


class Progress:
    """Prints a line for each step as it ends; on a terminal a spinner names those under way."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._running: list[str] = []
        self._spinner: Spinner | None = None

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """`what` happens inside; steps may overlap. A step that raises prints nothing: its error will."""
        started = time.monotonic()
        self._running.append(what)
        self._show()
        try:
            yield
            self.console.print(
                f"  [green]✓[/] {what} [dim]{time.monotonic() - started:.1f} s[/]", highlight=False, soft_wrap=True
            )
        finally:
            self._running.remove(what)
            self._show()

    def note(self, text: str) -> None:
        """One line on what happened, outside of any step."""
        self.console.print(f"  [yellow]•[/] {text}", highlight=False, soft_wrap=True)

    def _show(self) -> None:
        if not self.console.is_terminal:
            return
        if self._spinner is not None and not self._running:
            self._spinner.stop()
            self._spinner = None
        elif self._running:
            text = ", ".join(self._running)
            if self._spinner is None:
                self._spinner = self.console.status(text)
                self._spinner.start()
            else:
                self._spinner.update(text)
