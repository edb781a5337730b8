"""How long to wait before the next restart."""

from dataclasses import dataclass


@dataclass
class Backoff:
    """Doubles from `first_seconds` to `most_seconds`; starts anew after a run that was stable."""

    first_seconds: float = 0.1
    most_seconds: float = 10.0
    stable_seconds: float = 3.0
    failures: int = 0

    def after(self, ready_seconds: float) -> float:
        """The delay after a run that was ready for `ready_seconds` (0 when it never was)."""
        if ready_seconds >= self.stable_seconds:
            self.failures = 0
        # The exponent is bounded so that a long night of failures cannot overflow it.
        delay = self.first_seconds * float(2 ** min(self.failures, 20))
        self.failures += 1
        return min(self.most_seconds, delay)
