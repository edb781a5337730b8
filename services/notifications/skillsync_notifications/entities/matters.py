"""What mails tell of: each letter's data, as it is true when the letter is written. Names are empty when erased."""

from dataclasses import dataclass, field
from datetime import date, datetime

from skillsync_notifications.entities.texts import LINES

__all__ = [
    "Appointment",
    "Brief",
    "Digest",
    "Exchange",
    "ExchangeLeg",
    "ExpiringOffering",
    "FoundOffering",
    "Hours",
    "Limit",
    "ListedExchange",
    "Matter",
    "SkillCount",
]


@dataclass(frozen=True, slots=True)
class ExchangeLeg:
    """Who gives which skill to whom, for how many minutes; names, empty when erased."""

    giver: str
    receiver: str
    skill: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """A transaction as its recipient may see it; `names` by user id, `accepted_by` for its present terms.

    `is_agreed`: everybody accepted the terms as they stand, whatever happened since. `own_minutes`: of the legs that
    its recipient gives or receives. `expires_at` and `finalizes_at`: what happens when nobody does anything.
    """

    id: str
    title: str
    note: str = field(metadata=LINES)
    scheduled_for: datetime | None
    updated_at: datetime
    names: dict[str, str]
    legs: tuple[ExchangeLeg, ...]
    state: str = ""
    version: int = 1
    terms_rev: int = 0
    accepted_by: frozenset[str] = frozenset()
    confirmed_by: frozenset[str] = frozenset()
    reason: str = field(default="", metadata=LINES)
    is_agreed: bool = False
    own_minutes: int = 0
    expires_at: datetime | None = None
    finalizes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """A member's account, and what they gave and received in the time asked for; all in minutes."""

    balance: int = 0
    available: int = 0
    floor: int = 0
    minutes_given: int = 0
    minutes_received: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """An account that has gone under its soft limit: what is available, and what it may not fall under, in minutes."""

    available_minutes: int
    floor_minutes: int


@dataclass(frozen=True, slots=True)
class ListedExchange:
    """An exchange in a list: with whom, and the time that matters there."""

    id: str
    title: str
    partners: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FoundOffering:
    """Somebody's offering that its reader may care for."""

    id: str
    skill: str
    person: str


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
    offerings: tuple[FoundOffering, ...] = ()
    minutes_given: int = 0
    minutes_received: int = 0
    balance_minutes: int = 0


@dataclass(frozen=True, slots=True)
class SkillCount:
    """How many members offer or want a skill."""

    skill: str
    members: int


@dataclass(frozen=True, slots=True)
class Brief:
    """The community's week, for its coordinators; None where too few people are behind a figure to show it.

    A week of UTC, from its first day until its last one.
    """

    since: date
    until: date
    new_members: int | None = None
    active_members: int | None = None
    dormant_members: int | None = None
    exchanges_proposed: int | None = None
    exchanges_finalized: int | None = None
    minutes_exchanged: int | None = None
    most_offered: tuple[SkillCount, ...] = ()
    most_wanted: tuple[SkillCount, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpiringOffering:
    """The recipient's own offering that ends soon; `kind` is `offer` or `want`."""

    id: str
    kind: str
    skill: str
    expires_at: datetime
    text: str = field(default="", metadata=LINES)


@dataclass(frozen=True, slots=True)
class Appointment:
    """When an exchange takes place, for the recipient's calendar; the later `revision` replaces the earlier."""

    id: str
    title: str
    details: str
    url: str
    starts_at: datetime
    minutes: int
    revision: int
    is_cancelled: bool = False


Matter = Exchange | Limit | Digest | Brief | ExpiringOffering
