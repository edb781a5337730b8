"""What a transaction does to its participants' hours: they are held at acceptance, then released, or posted.

Somebody's outflow is the minutes received less the minutes given, over all legs, when that is more than nothing: an
even swap costs nobody anything and holds nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from skillsync_transactions.entities.terms import Terms, leg_facts

__all__ = ["Movement", "Posting", "hold", "outflows", "post", "release"]


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a leg in the ledger: `minutes` are what the account gains, negative for who received."""

    leg: str
    account: str
    counterparty: str
    skill: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Movement:
    """What a change does to accounts: minutes held and released by owner, and the postings, which sum to zero."""

    held: Mapping[str, int] = field(default_factory=dict)
    released: Mapping[str, int] = field(default_factory=dict)
    postings: tuple[Posting, ...] = ()

    @property
    def owners(self) -> list[str]:
        """Whose accounts it touches, in the order in which they are locked."""
        return sorted({*self.held, *self.released, *(posting.account for posting in self.postings)})


def outflows(terms: Terms) -> dict[str, int]:
    """The minutes that these terms, which are complete, will cost each of those who receive more than they give."""
    net: Counter[str] = Counter()
    for leg in map(leg_facts, terms.legs.values()):
        net[leg.receiver] += leg.minutes
        net[leg.giver] -= leg.minutes
    return {owner: minutes for owner, minutes in sorted(net.items()) if minutes > 0}


def hold(terms: Terms) -> Movement | None:
    """Reserve what the terms will cost; None where no hours are counted."""
    return Movement(held=outflows(terms)) if terms.counts_hours else None


def release(terms: Terms) -> Movement | None:
    """Give back what the terms held; None where no hours are counted."""
    return Movement(released=outflows(terms)) if terms.counts_hours else None


def post(terms: Terms) -> Movement | None:
    """Let the hold become fact: two postings for each leg; None where no hours are counted."""
    if not terms.counts_hours:
        return None
    postings: list[Posting] = []
    for key, leg in sorted(terms.legs.items()):
        facts = leg_facts(leg)
        postings += (
            Posting(key, facts.receiver, facts.giver, facts.skill, -facts.minutes),
            Posting(key, facts.giver, facts.receiver, facts.skill, facts.minutes),
        )
    return Movement(released=outflows(terms), postings=tuple(postings))
