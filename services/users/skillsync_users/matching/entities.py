"""Matches of two and rings of three: who could exchange with a member. Nothing here does I/O."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest

__all__ = [
    "MOST_CANDIDATES",
    "MOST_MATCHES",
    "Counterpart",
    "Leg",
    "Line",
    "Match",
    "Ring",
    "candidates",
    "meeting",
    "rings",
]

MOST_MATCHES = 50
# On each side of a ring's seeker: what closing rings costs grows with the product of the two.
MOST_CANDIDATES = 50
_EITHER = "either"
_MODALITIES = ("in_person", "remote", _EITHER)


@dataclass(frozen=True, slots=True)
class Match:
    """Another member; the skills they offer that one wants, and those they want that one offers, by slug."""

    user: str
    display_name: str
    offers: tuple[str, ...]
    wants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What a ring needs to know of an offering."""

    user: str
    kind: str
    skill: str
    modality: str


@dataclass(frozen=True, slots=True)
class Counterpart:
    """Another member's offering that answers one of the seeker's: a want of what they offer, or the reverse."""

    line: Line
    display_name: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Leg:
    """Who could give what to whom; skills by slug."""

    giver: str
    receiver: str
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """The seeker gives to one member, who gives to another, who gives to the seeker: three legs, in this order."""

    names: Mapping[str, str]
    legs: tuple[Leg, Leg, Leg]


def meeting(modality: str) -> tuple[str, ...]:
    """The modalities with which an offering of this one can meet."""
    return _MODALITIES if modality == _EITHER else (modality, _EITHER)


def candidates(counterparts: Iterable[Counterpart]) -> set[str]:
    """On each side the members with the most skills that answer the seeker's, then who wrote of theirs last."""
    sides: dict[str, dict[str, list[Counterpart]]] = defaultdict(lambda: defaultdict(list))
    for it in counterparts:
        sides[it.line.kind][it.line.user].append(it)
    return {user for side in sides.values() for user in nsmallest(MOST_CANDIDATES, side, key=_foremost(side))}


def rings(seeker: str, counterparts: Sequence[Counterpart], lines: Iterable[Line], limit: int) -> Sequence[Ring]:
    """At most `limit` rings: those with the most matching skills first, then whose answers were written last.

    `lines` are all that the candidates offer and want.
    """
    takes, gives = _skills(counterparts, "want"), _skills(counterparts, "offer")
    between = _between(lines, takes, gives)
    names: dict[str, str] = {}
    latest: dict[str, datetime] = {}
    for it in counterparts:
        names[it.line.user] = it.display_name
        latest[it.line.user] = max(it.updated_at, latest.get(it.line.user, it.updated_at))

    def place(pair: tuple[str, str]) -> tuple[int, float, tuple[str, str]]:
        receiver, giver = pair
        skills = len(takes[receiver]) + len(between[pair]) + len(gives[giver])
        return -skills, -max(latest[receiver], latest[giver]).timestamp(), pair

    return [
        Ring(
            {it: names[it] for it in (receiver, giver)},
            (
                Leg(seeker, receiver, tuple(sorted(takes[receiver]))),
                Leg(receiver, giver, tuple(sorted(between[receiver, giver]))),
                Leg(giver, seeker, tuple(sorted(gives[giver]))),
            ),
        )
        for receiver, giver in nsmallest(limit, between, key=place)
    ]


def _foremost(side: dict[str, list[Counterpart]]) -> Callable[[str], tuple[int, float, str]]:
    return lambda user: (-len(side[user]), -max(it.updated_at for it in side[user]).timestamp(), user)


def _skills(counterparts: Iterable[Counterpart], kind: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for it in counterparts:
        if it.line.kind == kind:
            found[it.line.user].add(it.line.skill)
    return found


def _between(
    lines: Iterable[Line], takes: Mapping[str, set[str]], gives: Mapping[str, set[str]]
) -> dict[tuple[str, str], set[str]]:
    """The skills that one who takes from the seeker offers to one who gives to the seeker, by the two."""
    wanted: dict[str, list[Line]] = defaultdict(list)
    offered: list[Line] = []
    for it in lines:
        if it.kind == "offer" and it.user in takes:
            offered.append(it)
        elif it.kind == "want" and it.user in gives:
            wanted[it.skill].append(it)
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for offer in offered:
        for want in wanted[offer.skill]:
            if want.user != offer.user and want.modality in meeting(offer.modality):
                found[offer.user, want.user].add(offer.skill)
    return found
