"""What statistics are made of: one member's share in one exchange, and the sums. Nothing here does I/O."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

__all__ = ["GivenLeg", "Share", "Statistics", "shares"]


@dataclass(frozen=True, slots=True)
class GivenLeg:
    """Who gave whom how many minutes."""

    giver: str
    receiver: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one finalized exchange adds to one participant's statistics."""

    user: str
    minutes_given: int
    minutes_received: int
    partners: frozenset[str]


@dataclass(frozen=True, slots=True)
class Statistics:
    """A member's sums. `as_of` is when the newest exchange in them was finalized; None when there is none."""

    user: str
    finalized: int = 0
    minutes_given: int = 0
    minutes_received: int = 0
    partners: int = 0
    as_of: datetime | None = None


def shares(legs: Iterable[GivenLeg]) -> list[Share]:
    """Each participant's share, by user id. Participants give or receive; all the others are one's partners."""
    legs = list(legs)
    participants = frozenset(user for leg in legs for user in (leg.giver, leg.receiver))
    return [
        Share(
            user=user,
            minutes_given=sum(leg.minutes for leg in legs if leg.giver == user),
            minutes_received=sum(leg.minutes for leg in legs if leg.receiver == user),
            partners=participants - {user},
        )
        # Always in the same order: two events with the same people then wait for each other instead of deadlocking.
        for user in sorted(participants)
    ]
