"""What a planned community is made of. Moments are minutes since the first midnight of the plan; people are numbers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Kind = Literal["offer", "want"]
MINUTES_A_DAY = 24 * 60


class Verb(StrEnum):
    """What somebody does about an exchange. Who only gives and finalizes, confirms by that."""

    PROPOSE = "propose"
    REVISE = "revise"
    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    FINALIZE = "finalize"


class State(StrEnum):
    """Where an exchange ends: by the plan, unless it is refused on the way."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    FINALIZED = "finalized"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN = (State.PROPOSED, State.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Skill:
    """One of the catalogue."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Offering:
    """What a person offers or wants."""

    kind: Kind
    skill: Skill
    text: str
    modality: str


@dataclass(frozen=True, slots=True)
class Person:
    """A member to be. `activity` is how many exchanges they begin in a week; none from `rests_from` on."""

    number: int
    email: str
    first_name: str
    last_name: str
    about: str
    locale: str
    time_zone: str
    joins_at: int
    rests_from: int
    activity: float
    offerings: tuple[Offering, ...]
    is_coordinator: bool = False

    def skills(self, kind: Kind) -> tuple[Skill, ...]:
        """What they offer, or want."""
        return tuple(offering.skill for offering in self.offerings if offering.kind == kind)


@dataclass(frozen=True, slots=True)
class Leg:
    """One gives, one receives."""

    giver: int
    receiver: int
    skill: Skill
    minutes: int


@dataclass(frozen=True, slots=True)
class Act:
    """Something somebody does at a moment. `minutes` are those of the first leg in a counter-offer."""

    at: int
    by: int
    verb: Verb
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A transaction to be. `ends_at` is when time ends it, if it does so within the plan; `end` is where it then is."""

    number: int
    author: int
    legs: tuple[Leg, ...]
    title: str
    note: str
    settlement: Literal["hours", "none"]
    scheduled_for: int | None
    days_open: int
    acts: tuple[Act, ...]
    end: State
    ends_at: int | None = None

    @property
    def participants(self) -> frozenset[int]:
        """Givers and receivers."""
        return frozenset(number for leg in self.legs for number in (leg.giver, leg.receiver))


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole. The first person is for a reader to log in as; the second is a coordinator."""

    seed: int
    weeks: int
    people: tuple[Person, ...]
    exchanges: tuple[Exchange, ...]

    @property
    def end(self) -> int:
        """The midnight after the last day."""
        return self.weeks * 7 * MINUTES_A_DAY

    def moments(self) -> list[int]:
        """When anything happens, in order."""
        joins = {person.joins_at for person in self.people}
        return sorted(joins | {act.at for exchange in self.exchanges for act in exchange.acts})
