"""What has been played so far, in figures."""

from collections import Counter
from dataclasses import dataclass, field

from skillsync.seed.plan import State


@dataclass
class Tally:
    """`exchanges` by the state they are in now; `refusals` by the code of the problem; minutes are those counted."""

    people: int = 0
    offerings: int = 0
    exchanges: Counter[State] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    minutes: int = 0

    def move(self, before: State | None, after: State) -> None:
        """An exchange went from one state to another; it is new when there was none before."""
        if before is not None:
            self.exchanges[before] -= 1
        self.exchanges[after] += 1
