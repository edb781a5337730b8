"""Which buckets are not shown, so that no figure is about fewer than three members.

A bucket with one or two members is concealed. What is concealed must not follow from what is shown: the buckets inside
one wider bucket add up to it, so what is concealed among them has at least three members together; where it has not,
the smallest of those that could be shown is concealed as well. A bucket is shown only inside one that is shown.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["FEWEST", "Census", "concealed", "concealed_inside", "is_small", "unless_small"]

FEWEST = 3
"""How many members a figure is about at the least."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Census:
    """How many members a bucket has, and the least and greatest of their ids: all there are when it has two."""

    members: int
    least: str
    greatest: str


def is_small(members: int) -> bool:
    """Whether that many are too few to be shown; none is no secret."""
    return 0 < members < FEWEST


def unless_small(members: int) -> int | None:
    """A number of members as it may be shown."""
    return None if is_small(members) else members


def concealed(buckets: Mapping[Key, Census]) -> set[Key]:
    """Which of the buckets that add up to something known are not shown."""
    small = {key for key, census in buckets.items() if is_small(census.members)}
    people = {id for key in small for id in (buckets[key].least, buckets[key].greatest)}
    others = [key for key, census in buckets.items() if census.members >= FEWEST]
    if is_small(len(people)) and others:
        small.add(min(others, key=lambda key: (buckets[key].members, str(key))))
    return small


def concealed_inside(outer: Collection[int], inner: Mapping[int, Census], outer_of: Callable[[int], int]) -> set[int]:
    """Which inner buckets are not shown, when the `outer` ones are not."""
    inside: dict[int, dict[int, Census]] = {}
    for number, census in inner.items():
        inside.setdefault(outer_of(number), {})[number] = census
    found: set[int] = set()
    for number, buckets in inside.items():
        found |= buckets.keys() if number in outer else concealed(buckets)
    return found
