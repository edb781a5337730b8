"""The people of the load: ids, names, and access tokens that a user pool of the bench's own signed."""

from collections.abc import Sequence
from dataclasses import dataclass

from skillsync_kit.ids import new_id
from skillsync_kit.testing import UserPool

__all__ = ["NAMES", "Person", "make_people"]

NAMES = ("Ada", "Lovelace", "Ada L.")
"""First, last and display name that the stub of the users service answers for everyone."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who sends requests."""

    id: str
    token: str


def make_people(pool: UserPool, count: int) -> Sequence[Person]:
    """So many people, each with a token that outlives the run."""
    ids = [new_id() for _ in range(count)]
    return [Person(id, pool.token(id)) for id in ids]
