"""What happens to a transaction and to an account: facts in the past tense, each with its wire name.

They hold ids, skills, minutes and states, `from` and `to`; never names or free text, so an archive of events outlives
an erasure. Their JSON Schemas are in `events/`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

__all__ = [
    "AccountSoftLimitCrossed",
    "DomainEvent",
    "LegFacts",
    "TransactionAccepted",
    "TransactionAcceptedBy",
    "TransactionCancelled",
    "TransactionConfirmed",
    "TransactionDeclined",
    "TransactionEvent",
    "TransactionExpired",
    "TransactionFinalized",
    "TransactionProposed",
    "TransactionRevised",
]


class DomainEvent(ABC):
    """A fact by its wire name, and what it tells."""

    __slots__ = ()

    type: ClassVar[str]

    @abstractmethod
    def data(self) -> dict[str, Any]:
        """The event's `data` on the wire."""


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One leg, complete."""

    giver: str
    receiver: str
    skill: str
    minutes: int


@dataclass(frozen=True, slots=True)
class TransactionEvent(DomainEvent):
    """What every event of a transaction tells. `by` is None where time did it.

    `expires_at` and `finalizes_at` are when time acts on it, if nobody does anything before.
    """

    transaction: str
    by: str | None
    author: str
    participants: tuple[str, ...]
    from_state: str
    to_state: str
    version: int
    terms_rev: int
    settlement: str
    scheduled_for: datetime | None
    expires_at: datetime | None
    finalizes_at: datetime | None
    legs: Mapping[str, LegFacts]

    def data(self) -> dict[str, Any]:
        """The event's `data` on the wire."""
        return {
            "author": self.author,
            "participants": list(self.participants),
            "from": self.from_state,
            "to": self.to_state,
            "version": self.version,
            "terms_rev": self.terms_rev,
            "settlement": self.settlement,
            "scheduled_for": _written(self.scheduled_for),
            "expires_at": _written(self.expires_at),
            "finalizes_at": _written(self.finalizes_at),
            "legs": {
                key: {"giver": leg.giver, "receiver": leg.receiver, "skill": leg.skill, "minutes": leg.minutes}
                for key, leg in self.legs.items()
            },
        }


@dataclass(frozen=True, slots=True)
class TransactionProposed(TransactionEvent):
    """The author made the draft known to the other participants."""

    type: ClassVar[str] = "transaction.proposed.v1"


@dataclass(frozen=True, slots=True)
class TransactionRevised(TransactionEvent):
    """A participant changed the terms; `changed` are JSON pointers of what."""

    type: ClassVar[str] = "transaction.revised.v1"

    changed: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """As for every event, and what was changed."""
        # Not super(): slots make of a dataclass another class than the one a bare super() knows.
        return {**TransactionEvent.data(self), "changed": list(self.changed)}


@dataclass(frozen=True, slots=True)
class TransactionAcceptedBy(TransactionEvent):
    """One participant accepted the present terms."""

    type: ClassVar[str] = "transaction.accepted_by.v1"


@dataclass(frozen=True, slots=True)
class TransactionAccepted(TransactionEvent):
    """Every participant has accepted the present terms."""

    type: ClassVar[str] = "transaction.accepted.v1"


@dataclass(frozen=True, slots=True)
class TransactionConfirmed(TransactionEvent):
    """A participant confirmed that the exchange took place; others still have to."""

    type: ClassVar[str] = "transaction.confirmed.v1"


@dataclass(frozen=True, slots=True)
class TransactionFinalized(TransactionEvent):
    """The exchange took place and counts."""

    type: ClassVar[str] = "transaction.finalized.v1"


@dataclass(frozen=True, slots=True)
class TransactionDeclined(TransactionEvent):
    """A participant other than the author said no to the proposal."""

    type: ClassVar[str] = "transaction.declined.v1"


@dataclass(frozen=True, slots=True)
class TransactionCancelled(TransactionEvent):
    """The author took the proposal back, or a participant called the accepted exchange off."""

    type: ClassVar[str] = "transaction.cancelled.v1"


@dataclass(frozen=True, slots=True)
class TransactionExpired(TransactionEvent):
    """Nobody answered the proposal, or confirmed the exchange, in its time."""

    type: ClassVar[str] = "transaction.expired.v1"


@dataclass(frozen=True, slots=True)
class AccountSoftLimitCrossed(DomainEvent):
    """The hours that a member has available fell under the soft limit, half way to the floor. All are minutes."""

    type: ClassVar[str] = "account.soft_limit_crossed.v1"

    account: str
    available_before: int
    available_after: int
    soft_limit: int
    floor: int

    def data(self) -> dict[str, Any]:
        """The event's `data` on the wire."""
        return {
            "from": self.available_before,
            "to": self.available_after,
            "soft_limit": self.soft_limit,
            "floor": self.floor,
        }


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
