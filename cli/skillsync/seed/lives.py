"""How a planned exchange goes, from its proposal to its end, and on which days."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from skillsync.seed.plan import MINUTES_A_DAY, Act, Exchange, State, Verb

# People are at it at these minutes of a day; all that happens at once can then be played at once.
SLOTS = (8 * 60 + 15, 12 * 60 + 30, 18 * 60 + 20, 20 * 60 + 45)
REVISED_SHARE, SCHEDULED_SHARE = 0.12, 0.5
# What time does, in days: the services' own rules.
DAYS_AFTER_APPOINTMENT, DAYS_WITHOUT_APPOINTMENT, DAYS_OF_SILENCE = 30, 60, 14


@dataclass(slots=True)
class _Life:
    """An exchange as it is being planned. `now` is the moment of its last act."""

    random: Random
    exchange: Exchange
    now: int
    acts: list[Act] = field(default_factory=list)

    def act(self, verb: Verb, by: int, fewest_days: int = 0, most_days: int = 0, minutes: int = 0) -> None:
        """Somebody does something so many days later, after what came before in any case."""
        day = self.now // MINUTES_A_DAY + self.random.randint(fewest_days, most_days)
        later = [day * MINUTES_A_DAY + slot for slot in SLOTS if day * MINUTES_A_DAY + slot > self.now]
        self.now = self.random.choice(later) if later else (day + 1) * MINUTES_A_DAY + SLOTS[0]
        self.acts.append(Act(self.now, by, verb, minutes))

    def others(self) -> list[int]:
        """Who takes part besides the author."""
        return sorted(self.exchange.participants - {self.exchange.author})

    def receivers(self) -> list[int]:
        return sorted({leg.receiver for leg in self.exchange.legs})

    def agree(self) -> None:
        """The others say yes; at times one of them makes a counter-offer first."""
        askers = self.others()
        if self.random.random() < REVISED_SHARE:
            bargainer = self.random.choice(askers)
            minutes = self.exchange.legs[0].minutes
            self.act(Verb.REVISE, bargainer, 0, 2, minutes - 15 if minutes > 60 else minutes + 15)
            askers = [number for number in (self.exchange.author, *askers) if number != bargainer]
        for number in askers:
            self.act(Verb.ACCEPT, number, 0, 3)
        if self.random.random() < SCHEDULED_SHARE:
            day = self.now // MINUTES_A_DAY + self.random.randint(1, 14)
            self.exchange = replace(
                self.exchange, scheduled_for=day * MINUTES_A_DAY + self.random.choice((600, 960, 1080))
            )

    def meet(self, fewest_days: int, most_days: int) -> None:
        """Wait for the appointment, if there is one, and some days more."""
        if self.exchange.scheduled_for is not None:
            self.now = max(self.now, self.exchange.scheduled_for)
        self.now += self.random.randint(fewest_days, most_days) * MINUTES_A_DAY

    def finalize(self, fewest_days: int, most_days: int) -> None:
        """Two: one receiver says that it took place. More: each of them."""
        self.meet(fewest_days, most_days)
        receivers = self.receivers()
        for number in receivers if len(self.exchange.participants) > 2 else [self.random.choice(receivers)]:
            self.act(Verb.FINALIZE, number, 0, 1)

    def proposal_end(self) -> int:
        """When the proposal lapses; counted from the last terms."""
        asked = max(act.at for act in self.acts if act.verb in (Verb.PROPOSE, Verb.REVISE))
        return asked + self.exchange.days_open * MINUTES_A_DAY

    def exchange_end(self) -> int:
        """When the agreement lapses, if nobody says that it took place."""
        if self.exchange.scheduled_for is not None:
            return self.exchange.scheduled_for + DAYS_AFTER_APPOINTMENT * MINUTES_A_DAY
        return self.now + DAYS_WITHOUT_APPOINTMENT * MINUTES_A_DAY


def live(random: Random, exchange: Exchange, day: int, end: int) -> Exchange:
    """The exchange with its acts before `end`, begun on `day`; what was to come later leaves it open."""
    life = _Life(random, exchange, day * MINUTES_A_DAY)
    life.act(Verb.PROPOSE, exchange.author)
    state, ends_at = random.choices(_COURSES, _SHARES)[0](life)
    planned = replace(life.exchange, acts=tuple(act for act in life.acts if act.at < end), end=state, ends_at=ends_at)
    if len(planned.acts) < len(life.acts) or (ends_at is not None and ends_at >= end):
        return replace(planned, end=_state_of(planned), ends_at=None)
    return planned


def _state_of(exchange: Exchange) -> State:
    """Where an exchange is after acts that do not end it."""
    has_agreed = {exchange.author}
    for act in exchange.acts:
        if act.verb is Verb.REVISE:
            has_agreed = {act.by}
        elif act.verb is Verb.ACCEPT:
            has_agreed.add(act.by)
    return State.ACCEPTED if has_agreed == exchange.participants else State.PROPOSED


def _finalized(life: _Life) -> tuple[State, int | None]:
    life.agree()
    life.finalize(0, 6)
    return State.FINALIZED, None


def _finalized_late(life: _Life) -> tuple[State, int | None]:
    life.agree()
    life.finalize(14, 24)
    return State.FINALIZED, None


def _finalized_by_time(life: _Life) -> tuple[State, int | None]:
    """Who only gives says so, and nobody contradicts."""
    life.agree()
    life.meet(0, 5)
    givers = sorted({leg.giver for leg in life.exchange.legs} - set(life.receivers()))
    if not givers:
        life.finalize(0, 2)
        return State.FINALIZED, None
    life.act(Verb.FINALIZE, givers[0])
    return State.FINALIZED, life.now + DAYS_OF_SILENCE * MINUTES_A_DAY


def _declined(life: _Life) -> tuple[State, int | None]:
    life.act(Verb.DECLINE, life.random.choice(life.others()), 0, 6)
    return State.DECLINED, None


def _taken_back(life: _Life) -> tuple[State, int | None]:
    life.act(Verb.CANCEL, life.exchange.author, 1, 6)
    return State.CANCELLED, None


def _called_off(life: _Life) -> tuple[State, int | None]:
    life.agree()
    life.act(Verb.CANCEL, life.random.choice(sorted(life.exchange.participants)), 0, 4)
    return State.CANCELLED, None


def _unanswered(life: _Life) -> tuple[State, int | None]:
    life.exchange = replace(life.exchange, days_open=life.random.choice((3, 7, 7, 14)))
    return State.EXPIRED, life.proposal_end()


def _never_done(life: _Life) -> tuple[State, int | None]:
    life.agree()
    return State.EXPIRED, life.exchange_end()


_COURSES: Sequence[Callable[[_Life], tuple[State, int | None]]] = (
    _finalized,
    _finalized_late,
    _finalized_by_time,
    _declined,
    _taken_back,
    _called_off,
    _unanswered,
    _never_done,
)
_SHARES = (66, 6, 5, 7, 3, 4, 7, 2)
