"""The plan played against a fake of the API: every act in order, under its own key; refusals; what is tried again."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from skillsync.errors import Problem
from skillsync.seed import api as api_module
from skillsync.seed.community import plan_community
from skillsync.seed.plan import Plan, Skill, Verb

if TYPE_CHECKING:
    from tests.seed.conftest import Stage

SKILLS = [Skill(f"skill-{number}", f"Skill {number}") for number in range(12)]


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A quarter of a year in which everything happens."""
    made = plan_community(5, 40, 13, SKILLS)
    assert {act.verb for exchange in made.exchanges for act in exchange.acts} == set(Verb)
    return made


async def test_every_exchange_ends_as_planned(stage: "Stage", plan: Plan) -> None:
    play = stage.play(plan)
    assert await play.run() == 3
    assert +play.tally.exchanges == Counter(exchange.end for exchange in plan.exchanges)
    assert (play.tally.people, play.tally.refusals) == (40, Counter())
    assert play.tally.offerings == sum(len(person.offerings) for person in plan.people)


async def test_each_post_has_a_key_of_its_own_the_same_in_another_run(stage: "Stage", plan: Plan) -> None:
    await stage.play(plan).run()
    keys = [(email, key) for email, method, _, key, _ in stage.skillsync.asked if method == "POST"]
    assert all(key for _, key in keys)
    assert len(set(keys)) == len(keys)
    stage.skillsync.asked.clear()
    await stage.play(plan).run()
    assert {(email, key) for email, method, _, key, _ in stage.skillsync.asked if method == "POST"} == set(keys)


async def test_the_clock_goes_through_the_plan_and_never_back(stage: "Stage", plan: Plan) -> None:
    seen: list[datetime] = []
    stage.skillsync.refuse = lambda request: seen.append(stage.hand.moment)
    await stage.play(plan).run()
    assert seen == sorted(seen)
    assert stage.dates == sorted(stage.dates)
    assert seen[0] - datetime(2020, 1, 6, tzinfo=UTC) < timedelta(days=1)
    assert timedelta(0) < datetime(2020, 1, 6, tzinfo=UTC) + timedelta(weeks=13) - stage.dates[-2] < timedelta(weeks=1)


async def test_events_get_round_before_the_first_day_and_between_weeks(stage: "Stage", plan: Plan) -> None:
    await stage.play(plan).run()
    assert stage.tide.settled == 13


async def test_a_refused_yes_is_counted_and_its_proposal_taken_back(stage: "Stage", plan: Plan) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(409, json={"code": "not-enough-hours"}) if request.url.path.endswith("/accept") else None

    stage.skillsync.refuse = refuse
    play = stage.play(plan)
    await play.run()
    asked = [path for _, _, path, _, _ in stage.skillsync.asked]
    refused = [path for path in asked if path.endswith("/accept")]
    assert len(refused) > 20
    assert play.tally.refusals == {"not-enough-hours": len(refused)}
    assert {path.replace("/accept", "/cancel") for path in refused} <= set(asked)
    assert not [path for path in asked if path.endswith("/finalize")]


async def test_a_token_that_has_run_out_is_renewed_and_the_same_request_repeated(stage: "Stage", plan: Plan) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        is_first = request.headers["authorization"].endswith(" 1")
        return httpx2.Response(401, json={}) if is_first and request.url.path == "/v1/offerings" else None

    stage.skillsync.refuse = refuse
    play = stage.play(plan)
    await play.run()
    assert play.tally.offerings == sum(len(person.offerings) for person in plan.people)
    assert stage.signing.tokens == len(plan.people) + 1


@pytest.mark.parametrize("status", [429, 502, 503])
async def test_what_was_not_worked_on_is_asked_for_again_under_the_same_key(
    stage: "Stage", plan: Plan, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(api_module, "SHORTEST_PAUSE_SECONDS", 0.0)
    turned_away: set[str] = set()

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        key = request.headers.get("idempotency-key", "")
        if "draft" not in key or key in turned_away:
            return None
        turned_away.add(key)
        return httpx2.Response(status, headers={"Retry-After": "0"}, json={})

    stage.skillsync.refuse = refuse
    play = stage.play(plan)
    await play.run()
    drafts = Counter(key for _, _, _, key, _ in stage.skillsync.asked if "draft" in key)
    assert set(drafts.values()) == {2}
    assert play.tally.exchanges.total() == len(plan.exchanges)


async def test_a_system_that_stays_away_ends_the_play_in_one_line(
    stage: "Stage", plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "SHORTEST_PAUSE_SECONDS", 0.0)
    stage.skillsync.refuse = lambda request: httpx2.Response(503, json={})
    with pytest.raises(Problem, match=r"^POST /v1/users answered 503, 20 times: see `skillsync status`"):
        await stage.play(plan).run()


async def test_a_defect_ends_the_play_and_is_no_refusal(stage: "Stage", plan: Plan) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        is_it = request.url.path.endswith("/finalize")
        return httpx2.Response(500, json={"code": "internal"}) if is_it else None

    stage.skillsync.refuse = refuse
    with pytest.raises(Problem, match=r"/finalize answered 500 .*internal"):
        await stage.play(plan).run()


async def test_an_address_of_an_older_pool_ends_the_play(stage: "Stage", plan: Plan) -> None:
    stage.skillsync.refuse = lambda request: httpx2.Response(409, json={"code": "email-taken"})
    with pytest.raises(Problem, match=r"^The database knows .*\+5@people\.skillsync\.example from an older user pool"):
        await stage.play(plan).run()


async def test_mail_that_can_be_switched_off_is_but_for_readers(stage: "Stage", plan: Plan) -> None:
    both = {"inbox": True, "mail": True}
    stage.skillsync.switches = {"account": both, "exchanges": both, "digest": {"inbox": False, "mail": False}}
    await stage.play(plan).run()
    put: list[tuple[str, Any]] = [(who, body) for who, method, _, _, body in stage.skillsync.asked if method == "PUT"]
    assert {who for who, _ in put} == {person.email for person in plan.people[2:]}
    off = {"inbox": True, "mail": False}
    assert all(body["account"] == both and body["exchanges"] == off for _, body in put)


async def test_the_coordinator_is_one(stage: "Stage", plan: Plan) -> None:
    await stage.play(plan).run()
    assert stage.signing.coordinators == ["coordinator+5@people.skillsync.example"]
    assert sorted(stage.signing.signed_up) == sorted(person.email for person in plan.people)
