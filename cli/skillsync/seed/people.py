"""Who joins the planned community, when, with what, and how eager they are."""

import math
import unicodedata
from collections.abc import Sequence
from itertools import accumulate
from random import Random

from skillsync.seed import words
from skillsync.seed.plan import MINUTES_A_DAY, Kind, Offering, Person, Skill

DOMAIN = "people.skillsync.example"
# The hour at which people sign up; exchanges have others.
JOINING_MINUTE = 7 * 60 + 40
# How many exchanges a person begins in a week, and how many of a hundred are like that.
ACTIVITIES = ((58, 0.06), (32, 0.2), (10, 0.75))
# The first two are readers' own: they are there from the first day, busy, and stay.
READERS = ("member", "coordinator")
READERS_ACTIVITY = 0.9
DORMANT_SHARE = 0.22
# A community that is watched for a short while only is a lively one, or there would be nothing to see.
USUAL_WEEKS = 12
# ASCII for addresses where a character cannot be taken apart.
_ASCII = str.maketrans({"ı": "i", "ß": "ss", "ł": "l", "Ł": "l", "ø": "o"})


class Tastes:
    """How popular each skill is: a few are known to many; some are wanted by more than offer them, or the reverse."""

    def __init__(self, random: Random, skills: Sequence[Skill]) -> None:
        self._skills = random.sample(list(skills), len(skills))
        offered, wanted = [], []
        for rank in range(len(skills)):
            popularity = 1 / (rank + 1) ** 0.8
            gap = random.choices((1.0, 5.0, 0.2), (76, 12, 12))[0]
            offered.append(popularity * math.exp(random.gauss(0, 0.3)))
            wanted.append(popularity * math.exp(random.gauss(0, 0.3)) * gap)
        self._weights: dict[Kind, list[float]] = {
            "offer": list(accumulate(offered)),
            "want": list(accumulate(wanted)),
        }

    def choose(self, random: Random, kind: Kind, count: int, without: Sequence[Skill] = ()) -> list[Skill]:
        """`count` different skills, or fewer when there are not so many."""
        chosen: list[Skill] = []
        for _ in range(count * 20):
            if len(chosen) == count:
                break
            skill = random.choices(self._skills, cum_weights=self._weights[kind])[0]
            if skill not in chosen and skill not in without:
                chosen.append(skill)
        return chosen


def plan_people(random: Random, seed: int, count: int, weeks: int, skills: Sequence[Skill]) -> tuple[Person, ...]:
    """All of them, in the order of their numbers, which tells nothing of when they join."""
    tastes = Tastes(random, skills)
    return tuple(_person(random, seed, number, weeks, tastes) for number in range(count))


def _person(random: Random, seed: int, number: int, weeks: int, tastes: Tastes) -> Person:
    culture = random.choices(words.CULTURES, [culture.share for culture in words.CULTURES])[0]
    first_name, last_name = random.choice(culture.first_names), random.choice(culture.last_names)
    locale = "de" if random.random() * 100 < culture.reads_german else "en"
    offers = tastes.choose(random, "offer", random.choices((1, 2, 3, 4), (30, 35, 25, 10))[0])
    wants = tastes.choose(random, "want", random.choices((1, 2, 3, 4), (35, 35, 20, 10))[0], without=offers)
    chosen: list[tuple[Kind, Skill]] = [("offer", skill) for skill in offers]
    chosen += [("want", skill) for skill in wants]
    is_reader = number < len(READERS)
    joins_on = 0 if is_reader else _joins_on(random, weeks * 7)
    activity = random.choices([rate for _, rate in ACTIVITIES], [share for share, _ in ACTIVITIES])[0]
    activity *= math.exp(random.gauss(0, 0.4))
    return Person(
        number=number,
        email=address(first_name, last_name, number, seed),
        first_name=first_name,
        last_name=last_name,
        about=words.about(random, locale, offers[0], wants[0]) if offers and wants else "",
        locale=locale,
        time_zone=random.choice(culture.time_zones),
        joins_at=joins_on * MINUTES_A_DAY + JOINING_MINUTE,
        rests_from=_rests_from(random, joins_on, weeks * 7, is_dormant=not is_reader),
        activity=(READERS_ACTIVITY if is_reader else activity) * max(1.0, USUAL_WEEKS / weeks),
        offerings=tuple(
            Offering(kind, skill, words.offering(random, locale, kind), _modality(random)) for kind, skill in chosen
        ),
        is_coordinator=number == 1,
    )


def address(first_name: str, last_name: str, number: int, seed: int) -> str:
    """An address of a domain that nobody can own, another one for each seed; a reader's is the same for any plan."""
    if number < len(READERS):
        return f"{READERS[number]}+{seed}@{DOMAIN}"
    plain = unicodedata.normalize("NFKD", f"{first_name}.{last_name}".translate(_ASCII)).encode("ascii", "ignore")
    return f"{plain.decode().lower()}.{number}+{seed}@{DOMAIN}"


def _joins_on(random: Random, days: int) -> int:
    """The day, along an S-curve: few at first, many in the middle of the first two thirds, few again."""
    share = random.uniform(0.003, 0.997)
    return min(days - 1, max(0, round(days * (0.36 + 0.1 * math.log(share / (1 - share))))))


def _rests_from(random: Random, joins_on: int, days: int, *, is_dormant: bool) -> int:
    """The moment from which they begin nothing more: the plan's end, for most."""
    if is_dormant and random.random() < DORMANT_SHARE:
        return (joins_on + round(random.uniform(0.1, 0.8) * (days - joins_on))) * MINUTES_A_DAY
    return days * MINUTES_A_DAY


def _modality(random: Random) -> str:
    return random.choices(("either", "in_person", "remote"), (55, 30, 15))[0]
