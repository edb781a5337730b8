"""How fast mails may leave: a bucket of permits that fills at the account's rate."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Permits"]


@dataclass(slots=True)
class Permits:
    """Permits to send, at most a second's worth at once. `rate` is in mails a second; it may be below one."""

    rate: float
    filled_at: datetime
    left: float = 0.0

    def change_rate(self, rate: float, now: datetime) -> None:
        """From now on it fills at another rate."""
        self._fill(now)
        self.rate = rate
        self.left = min(self.left, self._most)

    def available(self, now: datetime) -> int:
        """How many may be taken now."""
        self._fill(now)
        return int(self.left)

    def take(self, count: int) -> None:
        """Use so many up."""
        self.left -= count

    def give_back(self) -> None:
        """One was not used after all."""
        self.left = min(self.left + 1, self._most)

    def seconds_to_next(self) -> float:
        """How long until one more is there, when there is none."""
        return max(0.0, (1 - self.left) / self.rate)

    @property
    def _most(self) -> float:
        return max(1.0, self.rate)

    def _fill(self, now: datetime) -> None:
        # A clock that was set back takes nothing away.
        passed = max(0.0, (now - self.filled_at).total_seconds())
        self.left = min(self.left + passed * self.rate, self._most)
        self.filled_at = now
