"""What members of the planned community exchange: with whom, over what, when, and how it ends."""

from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Literal

from skillsync.seed import words
from skillsync.seed.lives import live
from skillsync.seed.plan import MINUTES_A_DAY, Exchange, Leg, Person, Skill, State

Settlement = Literal["hours", "none"]

LENGTHS = (30, 45, 60, 75, 90, 120, 150, 180)
LENGTHS_SHARES = (10, 8, 30, 6, 22, 16, 4, 4)
RING_SHARE, SWAP_SHARE, ASK_SHARE = 0.06, 0.35, 0.75
# How often one goes back to whom one has met.
AGAIN_SHARE = 0.45
UNCOUNTED_SHARE = 0.12
# Whoever has received so much more than given offers first; the floor of an account is 600 minutes.
CAREFUL_FROM_MINUTES = -330
TRIES = 8


def plan_exchanges(random: Random, people: Sequence[Person], weeks: int) -> tuple[Exchange, ...]:
    """All of them, in the order in which they are begun."""
    return _Planner(random, people, weeks * 7).run()


class _Planner:
    """Goes through the days. `_balances` is what the accounts will hold, roughly: refusals are not foreseen."""

    def __init__(self, random: Random, people: Sequence[Person], days: int) -> None:
        self._random = random
        self._people = people
        self._days = days
        self._balances: defaultdict[int, int] = defaultdict(int)
        self._met: defaultdict[int, list[int]] = defaultdict(list)
        self._by_kind: dict[str, defaultdict[Skill, list[int]]] = {
            "offer": defaultdict(list),
            "want": defaultdict(list),
        }
        self._exchanges: list[Exchange] = []

    def run(self) -> tuple[Exchange, ...]:
        joining: defaultdict[int, list[Person]] = defaultdict(list)
        for person in self._people:
            joining[person.joins_at // MINUTES_A_DAY].append(person)
        present: list[Person] = []
        for day in range(self._days):
            for person in joining[day]:
                present.append(person)
                for offering in person.offerings:
                    self._by_kind[offering.kind][offering.skill].append(person.number)
            for person in present:
                if self._is_awake(person, day) and self._random.random() < person.activity / 7:
                    self._begin(person, day)
        return tuple(self._exchanges)

    def _is_awake(self, person: Person, day: int) -> bool:
        return day * MINUTES_A_DAY < person.rests_from

    def _begin(self, author: Person, day: int) -> None:
        legs = self._legs(author, day)
        if not legs:
            return
        settlement: Settlement = "none" if self._random.random() < UNCOUNTED_SHARE else "hours"
        exchange = Exchange(
            number=len(self._exchanges),
            author=author.number,
            legs=legs,
            title=words.title(author.locale, legs),
            note=words.note(self._random, author.locale),
            settlement=settlement,
            scheduled_for=None,
            days_open=14,
            acts=(),
            end=State.PROPOSED,
        )
        exchange = live(self._random, exchange, day, self._days * MINUTES_A_DAY)
        self._exchanges.append(exchange)
        self._remember(exchange)

    def _remember(self, exchange: Exchange) -> None:
        for number in exchange.participants:
            self._met[number] += [other for other in sorted(exchange.participants) if other != number]
        if exchange.end is State.FINALIZED and exchange.settlement == "hours":
            for leg in exchange.legs:
                self._balances[leg.giver] += leg.minutes
                self._balances[leg.receiver] -= leg.minutes

    def _legs(self, author: Person, day: int) -> tuple[Leg, ...]:
        """By luck: a ring of three, a swap, or one way; nothing when nobody fits."""
        luck = self._random.random()
        if luck < RING_SHARE and (ring := self._ring(author, day)):
            return ring
        if luck < SWAP_SHARE and (swap := self._swap(author, day)):
            return swap
        asks = self._random.random() < ASK_SHARE and self._balances[author.number] > CAREFUL_FROM_MINUTES
        return self._gift(author, day, asks=asks) or self._gift(author, day, asks=not asks)

    def _gift(self, author: Person, day: int, *, asks: bool) -> tuple[Leg, ...]:
        """One gives to the other: the author asks for it, or offers it."""
        found = self._partner(author, day, asks=asks)
        if found is None:
            return ()
        partner, skill = found
        giver, receiver = (partner, author) if asks else (author, partner)
        return (Leg(giver.number, receiver.number, skill, self._minutes()),)

    def _swap(self, author: Person, day: int) -> tuple[Leg, ...]:
        """Each has what the other wants."""
        for _ in range(TRIES):
            found = self._partner(author, day, asks=True)
            if found is None:
                return ()
            partner, wanted = found
            given = [skill for skill in author.skills("offer") if skill in partner.skills("want")]
            if given:
                back = Leg(author.number, partner.number, self._random.choice(given), self._minutes())
                return (back, Leg(partner.number, author.number, wanted, self._minutes()))
        return ()

    def _ring(self, author: Person, day: int) -> tuple[Leg, ...]:
        """The author gives to a second, they to a third, and the third to the author."""
        for _ in range(TRIES):
            to_second, from_third = (self._partner(author, day, asks=asks) for asks in (False, True))
            if to_second is None or from_third is None:
                return ()
            (second, given), (third, received) = to_second, from_third
            between = [skill for skill in second.skills("offer") if skill in third.skills("want")]
            if second != third and between:
                minutes = self._minutes()
                return (
                    Leg(author.number, second.number, given, minutes),
                    Leg(second.number, third.number, self._random.choice(between), minutes),
                    Leg(third.number, author.number, received, minutes),
                )
        return ()

    def _partner(self, author: Person, day: int, *, asks: bool) -> tuple[Person, Skill] | None:
        """Somebody awake who has what the author wants, or wants what they have; often somebody met before.

        Never the author: nobody wants what they offer.
        """
        mine, theirs = ("want", "offer") if asks else ("offer", "want")
        skills = [offering.skill for offering in author.offerings if offering.kind == mine]
        met = self._met[author.number]
        for _ in range(TRIES if skills else 0):
            skill = self._random.choice(skills)
            fitting = self._by_kind[theirs][skill]
            if met and self._random.random() < AGAIN_SHARE:
                fitting = [number for number in dict.fromkeys(met) if number in fitting]
            if not fitting:
                continue
            partner = self._people[self._random.choice(fitting)]
            if self._is_awake(partner, day):
                return partner, skill
        return None

    def _minutes(self) -> int:
        return self._random.choices(LENGTHS, LENGTHS_SHARES)[0]
