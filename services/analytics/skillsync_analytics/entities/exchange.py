"""What became of an exchange: facts that come in any order, and more than once, and lead to the same."""

from dataclasses import dataclass, replace
from datetime import datetime

__all__ = ["ENDINGS", "Exchange"]

ENDINGS = ("finalized", "declined", "cancelled", "expired")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange as far as it is known. Minutes and settlement are those of the newest event, by `sequence`.

    The moments are those of the first proposal, of the first acceptance by all, and of the one end it has.
    """

    transaction_id: str
    sequence: int
    settlement: str
    minutes: int
    last_event_at: datetime
    proposed_at: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    ending: str | None = None

    def joined(self, other: "Exchange") -> "Exchange":
        """What both know of the same exchange. Commutative, associative, idempotent."""
        newest = max(self, other, key=lambda known: known.sequence)
        end = self if self.ending else other
        return replace(
            newest,
            last_event_at=max(self.last_event_at, other.last_event_at),
            proposed_at=_first(self.proposed_at, other.proposed_at),
            accepted_at=_first(self.accepted_at, other.accepted_at),
            ended_at=end.ended_at,
            ending=end.ending,
        )

    @property
    def accept_seconds(self) -> int | None:
        """From the first proposal to the first acceptance by all."""
        return _seconds(self.proposed_at, self.accepted_at)

    @property
    def finalize_seconds(self) -> int | None:
        """From the first proposal to the finalization."""
        return _seconds(self.proposed_at, self.ended_at) if self.ending == "finalized" else None


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [moment for moment in (one, other) if moment is not None]
    return min(known, default=None)


def _seconds(since: datetime | None, until: datetime | None) -> int | None:
    if since is None or until is None:
        return None
    return max(0, int((until - since).total_seconds()))
