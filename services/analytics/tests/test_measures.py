"""The coordinators' measures, each against figures written down with a pencil."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.events import Event
from skillsync_kit.ids import new_id

from .community import event

if TYPE_CHECKING:
    from tests.conftest import World

# 2029-12-03, a Monday; December of 2029 is made of the weeks from it to the one that ends on the 30th.
MONDAY = datetime(2029, 12, 3, 9, tzinfo=UTC)
DECEMBER = {"from": "2029-12-03", "to": "2029-12-31"}
ADA, BO, CLEO, DORA, EVE = (f"0190c5d4-8f6e-7000-8000-00000000000{number}" for number in range(5))


def exchange(
    at: datetime, *legs: tuple[str, str, str, int], steps: dict[str, float], actor: str | None = ADA
) -> list[Event]:
    """An exchange proposed at `at`, with what happened to it after so many hours."""
    id = new_id()
    told = {
        str(n): {"giver": giver, "receiver": receiver, "skill": skill, "minutes": minutes}
        for n, (giver, receiver, skill, minutes) in enumerate(legs)
    }
    data = {"legs": told, "settlement": "hours"}
    found = [event("transaction.proposed", id, 1, at, data, actor)]
    for number, (name, hours) in enumerate(steps.items(), start=2):
        found.append(event(f"transaction.{name}", id, number, at + timedelta(hours=hours), data, actor))
    return found


def done(at: datetime, *legs: tuple[str, str, str, int], accept: float = 1, finalize: float = 2) -> list[Event]:
    return exchange(at, *legs, steps={"accepted": accept, "finalized": finalize})


def signed_up(person: str, at: datetime, *later: str) -> list[Event]:
    statuses = {"created": "active", "suspended": "suspended", "erased": "erased"}
    return [
        event(f"user.{name}", person, number, at + timedelta(minutes=number), {"to": statuses[name]}, person)
        for number, name in enumerate(("created", *later), start=1)
    ]


def wished(owner: str, kind: str, skill: str, at: datetime = MONDAY, status: str = "active") -> Event:
    data = {"owner": owner, "kind": kind, "skill": skill, "modality": "either", "from": None, "to": status}
    return event("offering.published", new_id(), 1, at, data, owner)


async def test_exchanges_and_hours_by_week(empty_world: "World") -> None:
    ring = [(ADA, BO, "guitar", 60), (BO, CLEO, "guitar", 30), (CLEO, ADA, "german", 15)]
    await empty_world.deliver([*done(MONDAY, *ring), *done(MONDAY + timedelta(days=1), *ring)])
    rows = await empty_world.rows("exchanges", **DECEMBER)
    assert rows[0] == {"start": "2029-12-03", "exchanges": 2, "minutes": 210, "hours": 3.5}
    assert [row["exchanges"] for row in rows[1:]] == [0, 0, 0]


async def test_a_week_of_two_members_is_not_shown_and_not_the_rest_of_the_month(empty_world: "World") -> None:
    def of(*people: str) -> list[tuple[str, str, str, int]]:
        return [(a, b, "guitar", 60) for a, b in pairwise(people)]

    small = done(MONDAY + timedelta(weeks=1), *of(ADA, BO))
    some = done(MONDAY + timedelta(weeks=2), *of(ADA, BO, CLEO))
    many = done(MONDAY, *of(ADA, BO, CLEO, DORA))
    await empty_world.deliver([*small, *some, *many])
    weeks = await empty_world.rows("exchanges", **DECEMBER)
    # The month is shown: one week less would tell of the small one, so the smallest of the others is not shown either.
    assert [row["minutes"] for row in weeks] == [180, None, None, 0]
    month = await empty_world.rows("exchanges", interval="month", **DECEMBER)
    assert [(row["start"], row["minutes"]) for row in month] == [("2029-12-03", 360)]
    # Nor does any day of theirs tell.
    days = await empty_world.rows("exchanges", interval="day", **DECEMBER)
    assert [row["start"] for row in days if row["minutes"] is None] == ["2029-12-10", "2029-12-17"]


async def test_a_range_is_widened_to_whole_buckets_so_that_no_two_differ_by_a_day(empty_world: "World") -> None:
    answer = await empty_world.ask("/exchanges?from=2029-12-05&to=2029-12-12")
    assert {key: answer.json()[key] for key in ("from", "to", "interval")} == {
        "from": "2029-12-03",
        "to": "2029-12-17",
        "interval": "week",
    }


async def test_small_categories_are_one_row_and_the_week_adds_up(empty_world: "World") -> None:
    music = [(ADA, BO, "guitar", 60), (BO, CLEO, "piano", 60), (CLEO, ADA, "drums", 60)]
    others = [(ADA, DORA, "german", 30), (EVE, ADA, "underwater-chess", 15)]
    await empty_world.deliver([*done(MONDAY, *music), *done(MONDAY, *others)])
    rows = await empty_world.rows("categories", **DECEMBER)
    assert [(row["category"], row["exchanges"], row["minutes"]) for row in rows] == [
        ("music", 1, 180),
        ("small-categories", 2, 45),
    ]
    whole = await empty_world.rows("exchanges", **DECEMBER)
    assert sum(row["minutes"] for row in rows) == whole[0]["minutes"]


async def test_a_lone_small_category_takes_another_one_with_it(empty_world: "World") -> None:
    music = [(ADA, BO, "guitar", 60), (BO, CLEO, "piano", 60), (CLEO, DORA, "drums", 60)]
    language = [(ADA, BO, "german", 15), (BO, CLEO, "german", 15)]
    await empty_world.deliver([*done(MONDAY, *music), *done(MONDAY, *language, (ADA, BO, "baking", 30))])
    rows = await empty_world.rows("categories", **DECEMBER)
    assert [(row["category"], row["minutes"]) for row in rows] == [("music", 180), ("small-categories", 60)]


async def test_members_active_new_and_dormant(empty_world: "World") -> None:
    before = MONDAY - timedelta(days=40)
    early = [e for person in (ADA, BO, CLEO, DORA) for e in signed_up(person, before)]
    gone = [*signed_up(EVE, before, "erased"), *signed_up(new_id(), before, "suspended")]
    newer = [e for _ in range(3) for e in signed_up(new_id(), MONDAY + timedelta(days=8))]
    acted = [wished(person, "offer", "guitar", MONDAY) for person in (ADA, BO, CLEO)]
    await empty_world.deliver([*early, *gone, *newer, *acted])
    rows = await empty_world.rows("members", **DECEMBER)
    assert [(row["active"], row["new"], row["dormant"]) for row in rows] == [
        (3, 0, None),
        (0, 3, 4),
        (0, 0, 7),
        (0, 0, 7),
    ]


async def test_time_itself_is_nobodys_activity(empty_world: "World") -> None:
    legs = [(ADA, BO, "guitar", 60), (BO, CLEO, "guitar", 60)]
    await empty_world.deliver(exchange(MONDAY, *legs, steps={"expired": 30}, actor=None))
    assert [row["active"] for row in await empty_world.rows("members", **DECEMBER)] == [0, 0, 0, 0]


async def test_median_and_90th_percentile_by_nearest_rank(empty_world: "World") -> None:
    events = [
        e
        for hours in (1, 2, 3, 4, 50, 60, 70, 80, 90, 100)
        for e in done(MONDAY, (ADA, BO, "guitar", 60), (BO, CLEO, "guitar", 60), accept=hours, finalize=hours + 1)
    ]
    await empty_world.deliver(events)
    first, *others = await empty_world.rows("times", **DECEMBER)
    hour = 3600
    assert first == {
        "start": "2029-12-03",
        "accept_median_seconds": 50 * hour,
        "accept_p90_seconds": 90 * hour,
        "finalize_median_seconds": 51 * hour,
        "finalize_p90_seconds": 91 * hour,
    }
    assert all(row["accept_median_seconds"] is None for row in others)


async def test_times_of_two_members_are_not_shown(empty_world: "World") -> None:
    await empty_world.deliver([e for _ in range(5) for e in done(MONDAY, (ADA, BO, "guitar", 60))])
    assert {row["accept_median_seconds"] for row in await empty_world.rows("times", **DECEMBER)} == {None}


async def test_the_funnel_follows_what_was_proposed_in_a_bucket(empty_world: "World") -> None:
    legs = [(ADA, BO, "guitar", 60), (BO, CLEO, "guitar", 60)]
    fates: list[dict[str, float]] = [
        {"accepted": 1, "finalized": 300},
        {"accepted": 1, "cancelled": 2},
        {"accepted": 1},
        {"declined": 1},
        {"expired": 400},
        {},
    ]
    await empty_world.deliver([e for steps in fates for e in exchange(MONDAY, *legs, steps=steps)])
    rows = await empty_world.rows("funnel", **DECEMBER)
    assert rows[0] == {
        "start": "2029-12-03",
        "proposed": 6,
        "accepted": 3,
        "finalized": 1,
        "declined": 1,
        "cancelled": 1,
        "expired": 1,
        "open": 2,
    }
    assert rows[1]["proposed"] == 0


async def test_most_offered_and_most_wanted_skills_of_this_moment(empty_world: "World") -> None:
    people = [new_id() for _ in range(5)]
    await empty_world.deliver(
        [
            *(wished(person, "offer", "guitar") for person in people),
            *(wished(person, "offer", "german") for person in people[:3]),
            *(wished(person, "offer", "baking") for person in people[:2]),
            *(wished(person, "offer", "piano", status="paused") for person in people),
            *(wished(person, "want", "german") for person in people[:4]),
        ]
    )
    assert [tuple(row.values()) for row in await empty_world.rows("skills")] == [
        ("offer", 1, "guitar", "music", 5),
        ("offer", 2, "german", "languages", 3),
        ("want", 1, "german", "languages", 4),
    ]
    assert [tuple(row.values()) for row in await empty_world.rows("gap")] == [
        ("german", "languages", 3, 4, 1),
        ("guitar", "music", 5, 0, -5),
    ]


async def test_the_newest_event_of_an_offering_wins(empty_world: "World") -> None:
    people = [new_id() for _ in range(3)]
    published = [wished(person, "offer", "guitar") for person in people]
    paused = [
        event("offering.paused", it.subject, 2, it.time + timedelta(days=1), {**it.data, "to": "paused"})
        for it in published
    ]
    await empty_world.deliver([*paused, *published])
    assert await empty_world.rows("skills") == []


async def test_cohorts_tell_who_came_back(empty_world: "World") -> None:
    people = [new_id() for _ in range(8)]
    joined = [e for person in people for e in signed_up(person, MONDAY)]
    first = [wished(person, "offer", "guitar", MONDAY + timedelta(days=1)) for person in people]
    later = [wished(person, "want", "german", MONDAY + timedelta(weeks=2)) for person in people[:4]]
    last = [wished(person, "want", "baking", MONDAY + timedelta(weeks=3)) for person in people[:1]]
    await empty_world.deliver([*joined, *first, *later, *last])
    rows = await empty_world.rows("cohorts", interval="week", **DECEMBER)
    assert [(row["cohort"], row["size"], row["after"], row["active"]) for row in rows] == [
        ("2029-12-03", 8, 0, 8),
        ("2029-12-03", 8, 1, 0),
        ("2029-12-03", 8, 2, 4),
        ("2029-12-03", 8, 3, None),
    ]


async def test_who_gives_and_who_receives(empty_world: "World") -> None:
    givers, takers = [new_id() for _ in range(3)], [new_id() for _ in range(3)]
    swap = [(ADA, BO, "guitar", 60), (BO, CLEO, "guitar", 60), (CLEO, ADA, "guitar", 60)]
    gifts = [(one, other, "german", 60) for one, other in zip(givers, takers, strict=True)]
    await empty_world.deliver([*done(MONDAY, *swap), *done(MONDAY, *gifts[:1]), *done(MONDAY, *gifts[1:])])
    rows = await empty_world.rows("reciprocity", interval="month", **DECEMBER)
    assert rows == [{"start": "2029-12-03", "both": 3, "gave_only": 3, "received_only": 3}]


async def test_as_of_is_the_time_of_the_newest_event_of_any_kind(empty_world: "World") -> None:
    assert (await empty_world.ask("/gap")).json()["as_of"] is None
    await empty_world.deliver([wished(ADA, "offer", "guitar"), *signed_up(ADA, MONDAY - timedelta(days=9))])
    assert (await empty_world.ask("/exchanges")).json()["as_of"] == "2029-12-03T09:00:00Z"


@pytest.mark.parametrize(
    ("path", "pointer", "rule"),
    [
        ("/exchanges?from=2029-12-05&to=2029-12-05", "from", "must lie before 'to', 2029-12-05"),
        ("/exchanges?to=2030-01-03", "to", "must not lie after tomorrow, 2030-01-02"),
        ("/exchanges?to=1969-01-03", "to", "must not lie before the year 2000"),
        ("/exchanges?from=1999-12-31", "from", "must not lie before the year 2000"),
        ("/exchanges?from=2028-01-01", "from", "at most 371 days before 'to' by week"),
        ("/exchanges?from=2029-01-01&interval=day", "from", "at most 92 days before 'to' by day"),
        ("/categories?interval=day", "interval", "'categories' is told by week"),
        ("/gap?from=2029-12-05", "from", "'gap' is of this moment: leave it out"),
        ("/skills?interval=week", "interval", "'skills' is of this moment: leave it out"),
        ("/exchanges?interval=year", "interval", "Input should be 'day', 'week' or 'month'"),
        ("/exchanges?format=xml", "format", "Input should be 'json' or 'csv'"),
    ],
)
async def test_a_bad_parameter_is_named_with_its_rule(world: "World", path: str, pointer: str, rule: str) -> None:
    answer = await world.ask(path)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"] == [{"pointer": f"the query: {pointer}", "detail": rule}]


async def test_all_measures_are_told_with_what_they_mean(world: "World") -> None:
    items: list[dict[str, Any]] = (await world.ask("")).json()["items"]
    names = {item["measure"] for item in items}
    assert names >= {"exchanges", "members", "skills", "times", "funnel", "gap", "cohorts", "reciprocity"}
    for item in items:
        answer = (await world.ask(f"/{item['measure']}")).json()
        assert (answer["measure"], answer["definition"]) == (item["measure"], item["definition"])
        assert set(answer) == {"measure", "definition", "as_of", "from", "to", "interval", "rows"}


async def test_only_coordinators_are_answered(world: "World") -> None:
    for path in ("/v1/analytics", "/v1/analytics/gap", "/v1/analytics/no-such"):
        for groups in ([], ["operator"]):
            token = world.pool.token(new_id(), **{"cognito:groups": groups})
            answer = await world.client.get(path, headers={"Authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json()["code"]) == (403, "not-a-coordinator"), path
    assert (await world.ask("/no-such")).status_code == 404
