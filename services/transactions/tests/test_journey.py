"""From draft to finalized by HTTP, as two people would do it."""

from typing import TYPE_CHECKING

import pytest

from skillsync_kit.testing import FixedClock

if TYPE_CHECKING:
    from tests.conftest import World


async def test_an_exchange_from_draft_to_finalized(world: "World", ada: str, bo: str) -> None:
    created = await world.create(ada, {**world.swap("me", bo), "note": "On Sundays"})
    id = created.json()["id"]
    assert (created.status_code, created.headers["location"]) == (201, f"/v1/transactions/{id}")
    assert created.headers["etag"] == '"1"'
    assert created.headers["cache-control"] == "private, no-cache"
    draft = created.json()
    assert (draft["state"], draft["version"], draft["terms_rev"], draft["author"]) == ("draft", 1, 1, ada)
    assert draft["legs"]["a"] == {"giver": ada, "receiver": bo, "skill": "guitar", "minutes": 60}
    assert [(p["id"], p["first_name"], p["last_name"]) for p in draft["participants"]] == [
        (ada, "Given", ada[-4:]),
        (bo, "Given", bo[-4:]),
    ]
    assert draft["allowed_actions"] == ["delete", "edit", "propose"]

    edited = await world.patch(id, ada, {"legs": {"b": {"minutes": 90}}}, 1)
    assert (edited.status_code, edited.headers["etag"], edited.json()["terms_rev"]) == (200, '"2"', 2)
    assert (await world.get(f"/{id}", bo)).status_code == 404

    proposed = await world.act("propose", id, ada)
    assert (proposed.json()["state"], proposed.json()["expires_at"]) == ("proposed", "2030-01-15T12:00:00Z")
    assert (await world.get(f"/{id}", bo)).json()["allowed_actions"] == ["accept", "decline", "revise"]

    countered = await world.patch(id, bo, {"legs": {"b": {"minutes": 75}}}, 3)
    assert (countered.json()["version"], countered.json()["terms_rev"]) == (4, 3)
    assert [(a["user"], a["terms_rev"]) for a in countered.json()["acceptances"]] == [(bo, 3)]

    stale = await world.act("accept", id, ada, 2)
    assert (stale.status_code, stale.json()["code"]) == (409, "terms-changed")
    assert (stale.json()["terms_rev"], stale.json()["changed"]) == (3, ["/legs/b/minutes"])
    assert stale.json()["allowed_actions"] == ["accept", "cancel", "revise"]

    accepted = await world.act("accept", id, ada, 3)
    assert (accepted.json()["state"], accepted.json()["allowed_actions"]) == (
        "accepted",
        ["amend", "cancel", "finalize"],
    )

    finalized = await world.act("finalize", id, bo, 3)
    assert (finalized.status_code, finalized.json()["state"], finalized.headers["etag"]) == (200, "finalized", '"6"')
    assert [confirmation["user"] for confirmation in finalized.json()["confirmations"]] == [bo]
    for person in (ada, bo):
        seen = (await world.get(f"/{id}", person)).json()
        assert seen == finalized.json()

    assert await world.history(id) == list(
        enumerate(["create", "edit", "propose", "revise", "accept", "finalize"], start=1)
    )
    events = await world.events(id)
    assert [(event.sequence, event.type.removeprefix("transaction."), event.actor) for event in events] == [
        (1, "proposed.v1", ada),
        (2, "revised.v1", bo),
        (3, "accepted_by.v1", ada),
        (4, "accepted.v1", ada),
        (5, "finalized.v1", bo),
    ]
    assert [(event.data["from"], event.data["to"]) for event in events] == [
        ("draft", "proposed"),
        ("proposed", "proposed"),
        ("proposed", "proposed"),
        ("proposed", "accepted"),
        ("accepted", "finalized"),
    ]


@pytest.mark.parametrize(
    ("state", "verb", "by_author", "terms_rev"),
    [
        ("proposed", "propose", True, None),
        ("accepted", "propose", True, None),
        ("accepted", "accept", False, 1),
        ("finalized", "finalize", False, 1),
        ("declined", "decline", False, None),
        ("cancelled", "cancel", True, None),
    ],
)
async def test_repeating_ones_own_completed_action_answers_200_and_tells_nobody(
    world: "World", ada: str, bo: str, state: str, verb: str, by_author: bool, terms_rev: int | None
) -> None:
    id = await world.in_state(state, ada, bo)
    history, events = await world.history(id), await world.events(id)
    again = await world.act(verb, id, ada if by_author else bo, terms_rev)
    assert (again.status_code, again.json()["state"]) == (200, state)
    assert "idempotent-replayed" not in again.headers
    assert (await world.history(id), await world.events(id)) == (history, events)


async def test_a_patch_that_changes_nothing_makes_no_version(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    same = await world.patch(id, bo, {"title": "Guitar for German", "legs": {"a": {"minutes": 60}}}, 2)
    assert (same.status_code, same.headers["etag"]) == (200, '"2"')
    assert len(await world.history(id)) == 2


async def test_a_merge_patch_clears_with_null_and_leaves_the_rest(world: "World", ada: str, bo: str) -> None:
    id = await world.drafted(ada, bo, note="On Sundays", scheduled_for="2030-02-01T18:00:00+01:00")
    before = (await world.get(f"/{id}", ada)).json()
    assert before["scheduled_for"] == "2030-02-01T17:00:00Z"
    after = (
        await world.patch(id, ada, {"note": None, "scheduled_for": None, "legs": {"b": None, "a": {"skill": None}}}, 1)
    ).json()
    assert (after["note"], after["scheduled_for"], after["title"]) == ("", None, before["title"])
    assert after["legs"] == {"a": {**before["legs"]["a"], "skill": None}}
    assert after["allowed_actions"] == ["delete", "edit"]


async def test_what_a_write_answers_is_what_a_read_shows(world: "World", ada: str, bo: str) -> None:
    created = await world.create(
        ada, {**world.swap("me", bo.upper()), "scheduled_for": "2031-01-01T00:30:00.123456+05:30"}
    )
    read = await world.get(f"/{created.json()['id'].upper()}", ada)
    assert (read.status_code, read.json(), read.headers["etag"]) == (200, created.json(), created.headers["etag"])


async def test_a_draft_may_lack_everything(world: "World", ada: str) -> None:
    empty = await world.create(ada, {})
    assert (empty.status_code, empty.json()["legs"], empty.json()["participants"]) == (201, {}, [])
    refused = await world.act("propose", empty.json()["id"], ada)
    assert (refused.status_code, refused.json()["code"]) == (422, "incomplete")
    assert refused.json()["errors"][0]["pointer"] == "/legs"


async def test_a_deleted_draft_is_gone(world: "World", ada: str, bo: str) -> None:
    id = await world.drafted(ada, bo)
    gone = await world.send("DELETE", f"/v1/transactions/{id}", ada, if_match=1)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await world.get(f"/{id}", ada)).status_code == 404
    assert await world.history(id) == []
    assert (await world.get("", ada)).json()["items"] == []


async def test_a_late_acceptance_is_refused_before_anything_swept(
    world: "World", ada: str, bo: str, clock: FixedClock
) -> None:
    id = await world.proposed(ada, bo)
    clock.advance(days=14)
    late = await world.act("accept", id, bo, 1)
    assert (late.status_code, late.json()["code"], late.json()["allowed_actions"]) == (409, "wrong-state", [])


async def test_the_21st_open_proposal_is_refused_until_one_is_no_longer_open(world: "World", ada: str, bo: str) -> None:
    ids = [await world.proposed(ada, bo) for _ in range(20)]
    another = await world.drafted(ada, bo)
    refused = await world.act("propose", another, ada)
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-open-proposals")
    assert (await world.act("accept", ids[0], bo, 1)).status_code == 200
    assert (await world.act("propose", another, ada)).status_code == 200


async def test_a_ring_of_three_by_the_same_routes(world: "World", ada: str, bo: str) -> None:
    cy = "0190c5d4-8f6e-7000-8000-0000000000c1"
    ring = [("me", bo), (bo, cy), (cy, "me")]
    legs = {f"l{n}": {"giver": g, "receiver": r, "skill": "guitar", "minutes": 60} for n, (g, r) in enumerate(ring)}
    id = (await world.create(ada, {"title": "Ring", "legs": legs})).json()["id"]
    await world.act("propose", id, ada)
    states = [(await world.act("accept", id, person, 1)).json()["state"] for person in (bo, cy)]
    states += [(await world.act("finalize", id, person, 1)).json()["state"] for person in (ada, bo, cy)]
    assert states == ["proposed", "accepted", "accepted", "accepted", "finalized"]
    assert [event.type.removeprefix("transaction.") for event in await world.events(id)] == [
        "proposed.v1",
        "accepted_by.v1",
        "accepted_by.v1",
        "accepted.v1",
        "confirmed.v1",
        "confirmed.v1",
        "finalized.v1",
    ]


async def test_if_none_match(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    for held in ('"2"', 'W/"2"', '"1", "2"', "*"):
        unchanged = await world.get(f"/{id}", bo, headers={"If-None-Match": held})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", '"2"'), held
    for held in ('"1"', "2", '"22"'):
        assert (await world.get(f"/{id}", bo, headers={"If-None-Match": held})).status_code == 200, held
