"""The plan: the same for the same seed, and nothing in it that could not be."""

from collections import Counter
from collections.abc import Iterator
from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skillsync.seed.community import plan_community
from skillsync.seed.lives import DAYS_OF_SILENCE, DAYS_WITHOUT_APPOINTMENT
from skillsync.seed.plan import MINUTES_A_DAY, Act, Exchange, Plan, Skill, State, Verb

SKILLS = [Skill(f"skill-{number}", f"Skill {number}") for number in range(40)]
PLANS = st.builds(
    plan_community,
    seed=st.integers(0, 999_999),
    people=st.integers(2, 60),
    weeks=st.integers(1, 30),
    skills=st.sampled_from([SKILLS, SKILLS[:6], SKILLS[:1]]),
)

# A plan takes some milliseconds, or many on a busy machine.
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def year() -> Plan:
    return plan_community(7, 1000, 52, SKILLS)


def acts(plan: Plan) -> Iterator[tuple[Exchange, Act]]:
    for exchange in plan.exchanges:
        for act in exchange.acts:
            yield exchange, act


@unhurried
@given(st.integers(0, 999_999), st.integers(2, 30), st.integers(1, 12))
def test_the_same_seed_gives_the_same_plan(seed: int, people: int, weeks: int) -> None:
    assert plan_community(seed, people, weeks, SKILLS) == plan_community(seed, people, weeks, SKILLS)


def test_another_seed_gives_another_plan_and_other_addresses() -> None:
    one, other = (plan_community(seed, 30, 8, SKILLS) for seed in (1, 2))
    assert one.exchanges != other.exchanges
    assert not {person.email for person in one.people} & {person.email for person in other.people}


@unhurried
@given(PLANS)
def test_everybody_is_as_the_api_takes_people(plan: Plan) -> None:
    assert len({person.email for person in plan.people}) == len(plan.people)
    assert {person.time_zone for person in plan.people} <= available_timezones()
    assert {person.locale for person in plan.people} <= {"en", "de"}
    for person in plan.people:
        assert person.email.isascii()
        assert person.email.endswith("@people.skillsync.example")
        assert " " not in person.email
        assert 0 <= person.joins_at < plan.end
        kinds = [(offering.kind, offering.skill) for offering in person.offerings]
        assert len(set(kinds)) == len(kinds)
        assert not set(person.skills("offer")) & set(person.skills("want"))


@unhurried
@given(PLANS)
def test_nobody_acts_before_joining_nor_after_the_end(plan: Plan) -> None:
    for exchange, act in acts(plan):
        assert all(plan.people[number].joins_at < act.at < plan.end for number in exchange.participants)


@unhurried
@given(PLANS)
def test_nobody_begins_anything_once_they_rest(plan: Plan) -> None:
    for exchange in plan.exchanges:
        assert exchange.acts[0].at < plan.people[exchange.author].rests_from


@unhurried
@given(PLANS)
def test_legs_are_such_as_the_api_takes(plan: Plan) -> None:
    for exchange in plan.exchanges:
        assert exchange.author in exchange.participants
        assert len(exchange.title) <= 120
        for leg in exchange.legs:
            assert leg.giver != leg.receiver
            assert 15 <= leg.minutes <= 180
            assert leg.minutes % 15 == 0
            assert leg.skill in plan.people[leg.giver].skills("offer")
            assert leg.skill in plan.people[leg.receiver].skills("want")
        for act in exchange.acts:
            assert act.minutes % 15 == 0
            assert (act.minutes > 0) == (act.verb is Verb.REVISE)
            assert act.minutes != exchange.legs[0].minutes


@unhurried
@given(PLANS)
def test_acts_of_an_exchange_come_one_after_another_by_those_who_take_part(plan: Plan) -> None:
    for exchange in plan.exchanges:
        moments = [act.at for act in exchange.acts]
        assert moments == sorted(set(moments))
        assert {act.by for act in exchange.acts} <= exchange.participants
        assert (exchange.acts[0].verb, exchange.acts[0].by) == (Verb.PROPOSE, exchange.author)
        assert [act.verb for act in exchange.acts].count(Verb.PROPOSE) == 1


@unhurried
@given(PLANS)
def test_the_planned_end_is_where_the_acts_and_time_lead(plan: Plan) -> None:
    for exchange in plan.exchanges:
        assert exchange.end is outcome(exchange, plan.end)


def outcome(exchange: Exchange, end: int) -> State:
    """By the rules of the transactions service, in few words."""
    state, agreed, confirmed, receivers = (
        State.PROPOSED,
        set[int](),
        set[int](),
        {leg.receiver for leg in exchange.legs},
    )
    due = 0
    for act in exchange.acts:
        assert act.verb is Verb.PROPOSE or act.at < due, "too late"
        match act.verb:
            case Verb.PROPOSE | Verb.REVISE:
                assert state is State.PROPOSED
                agreed = {act.by}
                due = act.at + exchange.days_open * MINUTES_A_DAY
                if exchange.scheduled_for is not None:
                    due = min(due, exchange.scheduled_for)
            case Verb.ACCEPT:
                assert state is State.PROPOSED
                assert act.by not in agreed
                agreed.add(act.by)
                if agreed == exchange.participants:
                    state, due = State.ACCEPTED, act.at + DAYS_WITHOUT_APPOINTMENT * MINUTES_A_DAY
                    if exchange.scheduled_for is not None:
                        due = exchange.scheduled_for + 30 * MINUTES_A_DAY
            case Verb.DECLINE:
                assert state is State.PROPOSED
                assert act.by != exchange.author
                state = State.DECLINED
            case Verb.CANCEL:
                assert state is State.ACCEPTED or act.by == exchange.author
                state = State.CANCELLED
            case Verb.FINALIZE:
                assert state is State.ACCEPTED
                due = due if confirmed else act.at + DAYS_OF_SILENCE * MINUTES_A_DAY
                confirmed.add(act.by)
                if receivers <= confirmed or (len(exchange.participants) == 2 and act.by in receivers):
                    state = State.FINALIZED
    if state in (State.PROPOSED, State.ACCEPTED) and due < end:
        assert exchange.ends_at == due
        return State.FINALIZED if confirmed else State.EXPIRED
    assert exchange.ends_at is None
    return state


@unhurried
@given(PLANS)
def test_a_reader_can_be_a_member_or_a_coordinator_from_the_first_day(plan: Plan) -> None:
    member, coordinator = plan.people[:2]
    assert member.email == f"member+{plan.seed}@people.skillsync.example"
    assert coordinator.email == f"coordinator+{plan.seed}@people.skillsync.example"
    assert [person.is_coordinator for person in plan.people[:3]] == [False, True, False][: len(plan.people)]
    for reader in (member, coordinator):
        assert reader.joins_at < MINUTES_A_DAY
        assert reader.rests_from == plan.end


def test_a_year_is_a_believable_one(year: Plan) -> None:
    assert 3000 <= len(year.exchanges) <= 6000
    ends = Counter(exchange.end for exchange in year.exchanges)
    assert set(ends) == set(State)
    assert 0.6 < ends[State.FINALIZED] / len(year.exchanges) < 0.85
    assert Counter(len(exchange.legs) for exchange in year.exchanges).keys() == {1, 2, 3}
    assert {exchange.settlement for exchange in year.exchanges} == {"hours", "none"}
    assert sum(act.verb is Verb.REVISE for _, act in acts(year)) > 100
    by_time = [one for one in year.exchanges if one.end is State.FINALIZED and one.ends_at is not None]
    assert len(by_time) > 50


def test_many_are_quiet_and_few_are_busy(year: Plan) -> None:
    begun = Counter(exchange.author for exchange in year.exchanges)
    counts = sorted((begun[person.number] for person in year.people), reverse=True)
    assert sum(counts[:100]) > 0.4 * len(year.exchanges)
    assert counts.count(0) > 50


def test_people_join_along_an_s(year: Plan) -> None:
    quarters = Counter(person.joins_at * 4 // year.end for person in year.people)
    assert quarters[1] > 1.5 * quarters[0]
    assert quarters[1] > 1.5 * quarters[2]
    assert quarters[3] < quarters[2]


def test_some_skills_are_wanted_by_more_than_offer_them(year: Plan) -> None:
    offered, wanted = (
        Counter(skill for person in year.people for skill in person.skills(kind)) for kind in ("offer", "want")
    )
    assert max(offered.values()) > 4 * sorted(offered.values())[len(offered) // 2]
    assert sum(wanted[skill] > 2 * offered[skill] for skill in SKILLS) >= 2
    assert sum(offered[skill] > 2 * wanted[skill] for skill in SKILLS) >= 2
