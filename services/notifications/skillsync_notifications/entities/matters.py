"""What mails tell of besides exchanges: each letter's data, as it is true when the letter is written."""

from dataclasses import dataclass
from datetime import datetime

from skillsync_notifications.entities.mails import Exchange

__all__ = ["Brief", "Digest", "ExpiringOffering", "ListedExchange", "Matter"]


@dataclass(frozen=True, slots=True)
class ListedExchange:
    """An exchange in a list: with whom, and the time that matters there."""

    id: str
    title: str
    partners: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """A member's week, from `since` until just before `until`; empty lists are left out of the letter.

    `at` of an exchange: when it expires (to_answer), counts by itself (to_confirm) or takes place (coming).
    """

    since: datetime
    until: datetime
    to_answer: tuple[ListedExchange, ...] = ()
    to_confirm: tuple[ListedExchange, ...] = ()
    coming: tuple[ListedExchange, ...] = ()


@dataclass(frozen=True, slots=True)
class Brief:
    """The community's week, for its coordinators."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ExpiringOffering:
    """The recipient's own offering that ends soon; `kind` is `offer` or `want`."""

    id: str
    kind: str
    skill: str
    expires_at: datetime


Matter = Exchange | Digest | Brief | ExpiringOffering
