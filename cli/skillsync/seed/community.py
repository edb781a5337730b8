"""The plan of a community, the same for the same seed, size and catalogue."""

from collections.abc import Sequence
from random import Random

from skillsync.seed.exchanges import plan_exchanges
from skillsync.seed.people import plan_people
from skillsync.seed.plan import Plan, Skill


def plan_community(seed: int, people: int, weeks: int, skills: Sequence[Skill]) -> Plan:
    """Reads no clock and no dice but those of `seed`."""
    random = Random(seed)  # noqa: S311 - a seed is to give the same again
    joining = plan_people(random, seed, people, weeks, skills)
    return Plan(seed=seed, weeks=weeks, people=joining, exchanges=plan_exchanges(random, joining, weeks))
