"""The terms of a transaction: its legs, how a merge patch changes them, and the rules they must keep."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TypedDict

from skillsync_transactions.errors import IncompleteTransaction, InvalidTerms
from skillsync_transactions.events import LegFacts

__all__ = [
    "Changes",
    "Leg",
    "LegChanges",
    "Terms",
    "differences",
    "leg_as_dict",
    "leg_facts",
    "participants_of",
]

MOST_LEGS = 16
MOST_PARTICIPANTS = 8
FEWEST_MINUTES, MOST_MINUTES, MINUTES_STEP = 15, 6000, 15
HOURS, NO_HOURS = "hours", "none"
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Leg:
    """Who gives which skill to whom, for how many minutes; in a draft any of it may be missing yet."""

    giver: str | None = None
    receiver: str | None = None
    skill: str | None = None
    minutes: int | None = None

    def turned_round(self) -> "Leg":
        """The same, given back: who gave receives."""
        return replace(self, giver=self.receiver, receiver=self.giver)


class LegChanges(TypedDict, total=False):
    """A merge patch (RFC 7396) of a leg: what is absent stays, None clears."""

    giver: str | None
    receiver: str | None
    skill: str | None
    minutes: int | None


class Changes(TypedDict, total=False):
    """A merge patch of what people may change of a transaction. A leg of None is taken away."""

    title: str | None
    note: str | None
    settlement: str | None
    scheduled_for: datetime | None
    legs: Mapping[str, LegChanges | None] | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What people say yes to. A change of them makes other terms, with a number (terms_rev) of their own."""

    legs: Mapping[str, Leg]
    scheduled_for: datetime | None
    settlement: str

    @property
    def counts_hours(self) -> bool:
        """Whether the exchange is settled in hours; otherwise it moves nothing."""
        return self.settlement == HOURS

    def merged(self, changes: Changes, now: datetime) -> "Terms":
        """The terms after a merge patch, which keep to what even a draft must. Raises InvalidTerms."""
        merged = Terms(
            legs=_merge_legs(self.legs, changes["legs"]) if "legs" in changes else self.legs,
            scheduled_for=changes.get("scheduled_for", self.scheduled_for),
            settlement=changes.get("settlement", self.settlement) or HOURS,
        )
        if merged.settlement not in (HOURS, NO_HOURS):
            raise InvalidTerms.at("/settlement", f"must be {HOURS} or {NO_HOURS}")
        if "scheduled_for" in changes:
            _require_future(merged.scheduled_for, now)
        _check_legs(merged.legs)
        return merged

    def require_complete(self, author: str, now: datetime) -> None:
        """Check what a proposal needs. Raises IncompleteTransaction or InvalidTerms for the first field in the way."""
        if not self.legs:
            raise IncompleteTransaction.at("/legs", "at least one leg is needed")
        for key, leg in self.legs.items():
            for name, value in leg_as_dict(leg).items():
                if value is None:
                    raise IncompleteTransaction.at(f"/legs/{key}/{name}", "is missing")
        if author not in participants_of(self.legs):
            raise InvalidTerms.at("/legs", "the author must give or receive in at least one leg")
        _require_future(self.scheduled_for, now)

    def by_pointer(self) -> dict[str, object]:
        """Every single term by its JSON pointer."""
        legs = {
            f"/legs/{key}/{name}": value for key, leg in self.legs.items() for name, value in leg_as_dict(leg).items()
        }
        return {"/settlement": self.settlement, "/scheduled_for": self.scheduled_for, **legs}


def participants_of(legs: Mapping[str, Leg]) -> set[str]:
    """Everyone who gives or receives."""
    return {person for leg in legs.values() for person in (leg.giver, leg.receiver) if person}


def leg_as_dict(leg: Leg) -> dict[str, str | int | None]:
    """A leg's fields by name."""
    return {part.name: getattr(leg, part.name) for part in fields(leg)}


def leg_facts(leg: Leg) -> LegFacts:
    """A complete leg as events tell it."""
    if leg.giver is None or leg.receiver is None or leg.skill is None or leg.minutes is None:
        raise RuntimeError("an event tells of a leg that is not complete")
    return LegFacts(leg.giver, leg.receiver, leg.skill, leg.minutes)


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
    """The JSON pointers whose values differ; one that is on one side only differs."""
    pointers = before.keys() | after.keys()
    return tuple(sorted(p for p in pointers if before.get(p, _ABSENT) != after.get(p, _ABSENT)))


def _merge_legs(legs: Mapping[str, Leg], changes: Mapping[str, LegChanges | None] | None) -> dict[str, Leg]:
    """The legs after a merge patch; a patch of None takes them all away."""
    if changes is None:
        return {}
    merged = dict(legs)
    for key, change in changes.items():
        if change is None:
            merged.pop(key, None)
        else:
            merged[key] = replace(merged.get(key, Leg()), **change)
    return merged


def _check_legs(legs: Mapping[str, Leg]) -> None:
    if len(legs) > MOST_LEGS:
        raise InvalidTerms.at("/legs", f"at most {MOST_LEGS} legs are possible")
    for key, leg in legs.items():
        if leg.giver and leg.giver == leg.receiver:
            raise InvalidTerms.at(f"/legs/{key}/receiver", "must be somebody else than the giver")
        if leg.minutes is not None and not _is_countable(leg.minutes):
            rule = f"must be {FEWEST_MINUTES} to {MOST_MINUTES} minutes, a multiple of {MINUTES_STEP}"
            raise InvalidTerms.at(f"/legs/{key}/minutes", rule)
    if len(participants_of(legs)) > MOST_PARTICIPANTS:
        raise InvalidTerms.at("/legs", f"at most {MOST_PARTICIPANTS} people can take part")


def _require_future(appointment: datetime | None, now: datetime) -> None:
    if appointment and appointment <= now:
        raise InvalidTerms.at("/scheduled_for", "must be in the future")


def _is_countable(minutes: int) -> bool:
    return FEWEST_MINUTES <= minutes <= MOST_MINUTES and minutes % MINUTES_STEP == 0
